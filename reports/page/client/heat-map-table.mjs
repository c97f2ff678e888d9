import { csvText, element, saveFile } from './download.mjs';
import { look, payload, scenarioShown, state } from './page-state.mjs';

// The heat map as a table: the same definition that Node draws as a picture, with links and text.

export function currentHeatMap() {
  const metric = payload.metrics.find(({ id }) => id === state.metric);
  if (metric === undefined) return null;
  const columns = judgedColumns(metric)
    .map((column, index) => ({ ...column, anchor: payload.scenarios[index].anchor, index }))
    .filter(({ index, cells }) => scenarioShown(index) && hasFigure(cells));
  const strategies = payload.strategies.filter(
    ({ label }) => !state.hidden.strategy.includes(label),
  );
  const config = heatMapConfig({ metric, baseline: state.baseline, strategies, columns });
  return { config, columns, metric };
}

/** A scenario in which nobody measures the metric, as micro cells no notifier, has no column. */
function hasFigure(cells) {
  return Object.values(cells).some(({ verdict }) => verdict !== 'absent');
}

const judged = new Map();
const ABSENT = { verdict: 'absent', reason: '', ratio: null, low: null, high: null };

/** Of all scenarios, filtered out or not: hiding a column must not change a verdict. */
function judgedColumns(metric) {
  const key = JSON.stringify([metric.id, state.baseline]);
  if (!judged.has(key)) {
    judged.set(key, heatMapColumns(payload.scenarios, metric, state.baseline, judgePairs));
  }
  return judged.get(key);
}

function cellTitle({ verdict, reason, ratio, low, high }) {
  const spread =
    low === null || high === null ? '' : ` [×${threeDigits(low)}, ×${threeDigits(high)}]`;
  const size = ratio === null ? '' : `: ×${threeDigits(ratio)}${spread}`;
  return `${verdict}${size}${reason === '' ? '' : `; ${reason}`}`;
}

export function drawHeatMap() {
  const place = document.getElementById('heat-map');
  if (place === null) return;
  const current = currentHeatMap();
  if (current === null) return;
  const { config, columns, metric } = current;
  document.getElementById('heat-map-what').textContent =
    `${metric.label} (${metric.better} is better) divided by that of ${state.baseline}; differences below ${Number((metric.threshold * 100).toPrecision(3))} % count as none.`;
  const table = element('table', null, { class: 'heat' });
  const head = table.createTHead().insertRow();
  head.append(element('th', 'strategy', { scope: 'col' }));
  for (const { title, anchor, baseline } of columns) {
    const cell = element('th', null, { scope: 'col' });
    cell.append(element('a', title, { href: `#${anchor}` }));
    if (baseline !== state.baseline) cell.append(element('small', `÷ ${baseline}`));
    head.append(cell);
  }
  const body = table.createTBody();
  for (const dataset of config.data.datasets) {
    const row = body.insertRow();
    row.append(element('th', dataset.label, { scope: 'row', dir: 'auto' }));
    dataset.data.forEach((point, index) => {
      const verdict = dataset.xlt.pointLabels[index];
      const text = cellText(verdict, point[2]);
      const cell = element('td', text, {
        title: cellTitle(columns[index].cells[dataset.label] ?? ABSENT),
        'data-verdict': verdict,
      });
      cell.style.background = cellColour(verdict, point[2], look());
      row.append(cell);
    });
  }
  place.replaceChildren(table);
}

function heatRows() {
  const { config, columns } = currentHeatMap();
  const rows = [['strategy', 'scenario', 'baseline', 'verdict', 'ratio', 'low', 'high']];
  for (const { label, data, xlt } of config.data.datasets) {
    data.forEach(([column, , ratio, low, high], index) => {
      const { title, baseline } = columns[column];
      rows.push([label, title, baseline, xlt.pointLabels[index], ratio, low, high]);
    });
  }
  return rows;
}

export function startHeatMap() {
  document
    .getElementById('heat-map-csv')
    ?.addEventListener('click', () => saveFile('heat-map.csv', csvText(heatRows()), 'text/csv'));
  document.getElementById('heat-map-json')?.addEventListener('click', () => {
    const text = JSON.stringify(currentHeatMap().config, null, 1);
    saveFile('heat-map.json', text, 'application/json');
  });
}
