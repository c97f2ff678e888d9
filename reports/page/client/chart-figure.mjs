import { csvText, element, saveFile } from './download.mjs';
import { look, paper, payload, state } from './page-state.mjs';

// One figure of the page: draws its definition, fills its data table, answers its buttons.

const drawn = new Map();
const visible = new Set();

/** Strip plots are made here from the forks' figures; the page holds those once. */
function stripConfigs(scenario) {
  const styles = new Map(payload.strategies.map(({ label, style }) => [label, style]));
  const views = payload.metrics.map((metric) => {
    const rows = scenario.series
      .filter(({ status }) => status === 'passed' || status === 'partial')
      .map(({ strategy, values }) => ({
        strategy,
        style: styles.get(strategy) ?? 0,
        values: values[metric.id] ?? [],
      }));
    return [metric.id, forkStripConfig({ metric, rows })];
  });
  return Object.fromEntries(views.filter(([, config]) => config !== null));
}

export function configsOf(figure) {
  if (figure.dataset.chart === 'fork-strip') {
    return stripConfigs(payload.scenarios[Number(figure.dataset.scenario)]);
  }
  return payload.charts[figure.dataset.chart]?.[figure.dataset.scenario ?? 'report'] ?? {};
}

function variantOf(figure) {
  const configs = configsOf(figure);
  const picked = figure.querySelector('[data-variant]')?.value;
  return configs[picked] === undefined ? Object.keys(configs)[0] : picked;
}

function configOf(figure) {
  return configsOf(figure)[variantOf(figure)];
}

export function finishOptions(overrides = {}) {
  return {
    look: look(),
    hidden: state.hidden.strategy,
    scale: state.scale === '' ? undefined : state.scale,
    fontSize: 12,
    // Paper shows the first frame, and that must be the last one.
    animation: !paper.printing && !matchMedia('(prefers-reduced-motion: reduce)').matches,
    formatValue,
    frontierOf,
    marks: chartMarks,
    ...overrides,
  };
}

/** Rows that are drawn one below the other need their own height. */
function plotHeight(config, figure) {
  const meaning = config.options.plugins.xlt;
  if (meaning.rowsAreStrategies) {
    const rows = meaning.rows.filter((row) => !state.hidden.strategy.includes(row)).length;
    return 90 + Math.max(2, rows) * 24 + (config.type === 'bar' ? 40 : 0);
  }
  const names = config.data.datasets.filter(({ xlt }) => xlt.role === 'line').length;
  const perRow = Math.max(1, Math.floor(figure.querySelector('.plot').clientWidth / 150));
  return 300 + Math.ceil(names / perRow) * 20;
}

/** Axes without a line would show made-up figures. */
function allHidden({ data, options }) {
  const { rows, rowsAreStrategies } = options.plugins.xlt;
  const names = rowsAreStrategies ? rows : data.datasets.map(({ xlt }) => xlt.strategy);
  const strategies = names.filter((name) => name !== undefined);
  return strategies.length > 0 && strategies.every((name) => state.hidden.strategy.includes(name));
}

export function drawFigure(figure) {
  const config = configOf(figure);
  drawn.get(figure)?.destroy();
  drawn.delete(figure);
  if (config === undefined) return;
  if (allHidden(config)) {
    figure.querySelector('.plot').style.height = '0';
    figure.querySelector('.notes').replaceChildren(element('p', 'All its strategies are hidden.'));
    return;
  }
  figure.querySelector('.plot').style.height = `${plotHeight(config, figure)}px`;
  const options = finishOptions({ fontSize: figure.clientWidth < 420 ? 11 : 12 });
  drawn.set(figure, new Chart(figure.querySelector('canvas'), finishChart(config, options)));
  const { rugLabel, notes = [] } = config.options.plugins.xlt;
  const lines = rugLabel === undefined ? notes : [`Ticks along the bottom: ${rugLabel}.`, ...notes];
  figure.querySelector('.notes').replaceChildren(...lines.map((line) => element('p', line)));
  if (figure.querySelector('details.data').open) fillTable(figure);
}

/** Redraws what is on screen now; the rest is drawn when it comes into view. */
export function redrawAll() {
  for (const chart of drawn.values()) chart.destroy();
  drawn.clear();
  for (const figure of visible) drawFigure(figure);
}

/** Header and rows of the figure's data, as numbers. */
export function dataRows(figure) {
  const config = configOf(figure);
  const { columns, rows, xNames } = config.options.plugins.xlt;
  const shown = config.data.datasets.filter(
    ({ xlt }) => xlt.strategy === undefined || !state.hidden.strategy.includes(xlt.strategy),
  );
  const table = [
    [
      rows !== undefined && config.type === 'bar' ? 'class' : 'series',
      ...(config.type === 'bar' ? ['row'] : []),
      ...columns,
    ],
  ];
  for (const dataset of shown) {
    dataset.data.forEach((point, index) => {
      if (config.type === 'bar') {
        if (point !== null) table.push([dataset.label, config.data.labels[index], point]);
      } else if (rows !== undefined && xNames === undefined) table.push([dataset.label, point[0]]);
      else table.push([dataset.label, ...columns.map((_, at) => point[at] ?? null)]);
    });
  }
  return table;
}

function unitOfColumn(config, at) {
  const { xUnit, yUnit, rows, columnUnits } = config.options.plugins.xlt;
  if (columnUnits !== undefined) return columnUnits[at];
  if (config.type === 'bar') return config.options.indexAxis === 'y' ? xUnit : yUnit;
  if (rows !== undefined) return xUnit;
  return at === 0 || at > 3 ? xUnit : yUnit;
}

export function fillTable(figure) {
  const config = configOf(figure);
  const [header, ...body] = dataRows(figure);
  const lead = config.type === 'bar' ? 2 : 1;
  const table = element('table', null, { class: 'results' });
  const head = table.createTHead().insertRow();
  for (const name of header) head.append(element('th', name, { scope: 'col' }));
  const into = table.createTBody();
  for (const row of body) {
    const line = into.insertRow();
    row.forEach((value, at) => {
      const text = at < lead ? value : formatValue(value, unitOfColumn(config, at - lead));
      line.append(element(at === 0 ? 'th' : 'td', text, at < lead ? {} : { class: 'num' }));
    });
  }
  figure.querySelector('details.data .scroll').replaceChildren(table);
}

/** The figure as a picture at twice its size, on an opaque ground. */
function savePng(figure, name) {
  const plot = figure.querySelector('.plot');
  const canvas = document.createElement('canvas');
  const options = finishOptions({ animation: false });
  const finished = finishChart(configOf(figure), options);
  const size = { width: Math.max(640, plot.clientWidth), height: plot.clientHeight };
  Object.assign(canvas, size);
  Object.assign(finished.options, { responsive: false, devicePixelRatio: 2 });
  finished.plugins.push({
    id: 'ground',
    beforeDraw({ ctx, width, height }) {
      ctx.fillStyle = options.look.surface;
      ctx.fillRect(0, 0, width, height);
    },
  });
  const chart = new Chart(canvas, finished);
  canvas.toBlob((blob) => {
    saveFile(`${name}.png`, blob, 'image/png');
    chart.destroy();
  });
}

function save(figure, kind) {
  // Not every figure's id holds its scenario.
  const anchor = payload.scenarios[figure.dataset.scenario]?.anchor ?? '';
  const scenario = figure.id.startsWith(anchor) ? '' : anchor.replace(/^scenario-/, '');
  const name = [figure.id, scenario, variantOf(figure)]
    .filter(Boolean)
    .join('-')
    .replace(/[^\w.-]+/g, '-');
  if (kind === 'png') savePng(figure, name);
  else if (kind === 'csv') saveFile(`${name}.csv`, csvText(dataRows(figure)), 'text/csv');
  else saveFile(`${name}.json`, JSON.stringify(configOf(figure), null, 1), 'application/json');
}

export function startFigures() {
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) visible.delete(target);
        else if (!visible.has(target)) {
          visible.add(target);
          if (!drawn.has(target)) drawFigure(target);
        }
      }
    },
    { rootMargin: '400px' },
  );
  for (const figure of document.querySelectorAll('figure[data-chart]')) {
    observer.observe(figure);
    figure.querySelector('[data-variant]')?.addEventListener('change', () => drawFigure(figure));
    figure.querySelector('details.data').addEventListener('toggle', () => fillTable(figure));
    for (const button of figure.querySelectorAll('[data-save]')) {
      button.addEventListener('click', () => save(figure, button.dataset.save));
    }
  }
}

/** On paper nothing comes into view later: every chart is drawn, at the width it has there. */
export function drawAllForPrint() {
  for (const figure of document.querySelectorAll('figure[data-chart]')) drawFigure(figure);
}
