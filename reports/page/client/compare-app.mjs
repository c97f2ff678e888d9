import { csvText, element, saveFile } from './download.mjs';

// Compares two runs of the site. Their figures come from scripts in data/, one for each run.

const runs = JSON.parse(document.getElementById('runs').textContent);
const loaded = new Map();
const pick = (id) => document.getElementById(id);

globalThis.xltRun = (run) => loaded.set(run.slug, run);

function load(slug) {
  if (loaded.has(slug)) return Promise.resolve(loaded.get(slug));
  return new Promise((resolve, reject) => {
    const script = element('script', null, { src: `data/${slug}.js` });
    script.onload = () => resolve(loaded.get(slug));
    script.onerror = () => reject(new Error(`data/${slug}.js cannot be read`));
    document.head.append(script);
  });
}

function readHash() {
  const given = new URLSearchParams(location.hash.slice(1));
  const last = runs[runs.length - 1];
  const before = runs.findLast(
    ({ slug, machineId }) => slug !== last?.slug && machineId === last?.machineId,
  );
  return {
    before: given.get('before') ?? before?.slug ?? last?.slug,
    after: given.get('after') ?? last?.slug,
    metric: given.get('metric') ?? 'notifier-p99',
  };
}

function isTiming({ unit }) {
  return unit === 'ns' || unit === 'share' || unit === 'per second';
}

/** One row per strategy and scenario that either run holds. */
function compareRuns(before, after, metric) {
  const rows = [];
  const sameMachine = before.machineId === after.machineId;
  const names = new Set([...before.scenarios, ...after.scenarios].map(({ name }) => name));
  for (const name of names) {
    const [from, to] = [before, after].map(
      (run) => run.scenarios.find((s) => s.name === name)?.series ?? [],
    );
    for (const strategy of new Set([...from, ...to].map((series) => series.strategy))) {
      const [a, b] = [from, to].map((list) => list.find((series) => series.strategy === strategy));
      const usable = [a, b].every(
        (series) => series && ['passed', 'partial'].includes(series.status),
      );
      const ratio = usable
        ? compareForks(b.values[metric.id] ?? [], a.values[metric.id] ?? [], {
            ...metric,
            exact: metric.exactInReplay && name.split(' · ').includes('replay'),
          })
        : null;
      const median = (series) => {
        const values = (series?.values[metric.id] ?? []).filter((value) => value !== null);
        return values.length === 0 ? null : medianOf(values);
      };
      const blocked = !sameMachine && isTiming(metric);
      const verdict = !usable
        ? `${a?.status ?? 'absent'} before, ${b?.status ?? 'absent'} after`
        : ratio === null
          ? 'not measured'
          : blocked
            ? 'not comparable: two machines'
            : ratio.verdict === 'uncertain'
              ? `? ${ratio.reason ?? ''}`
              : ratio.verdict;
      rows.push({
        name,
        strategy,
        before: median(a),
        after: median(b),
        ratio: blocked ? null : ratio,
        verdict,
      });
    }
  }
  // What changed most stands first; what has no verdict last.
  const weight = ({ ratio, verdict }) =>
    ['better', 'worse'].includes(verdict)
      ? 10 + Math.abs(Math.log(ratio.ratio))
      : verdict.startsWith('no diff')
        ? 0
        : 1;
  return rows.sort((a, b) => weight(b) - weight(a));
}

function drawRows(rows, metric) {
  const shown = pick('all').checked
    ? rows
    : rows.filter(({ verdict }) => verdict !== 'no difference seen');
  const table = element('table', null, { class: 'results' });
  const head = table.createTHead().insertRow();
  for (const name of ['scenario', 'strategy', 'before', 'after', 'ratio', 'interval', 'verdict']) {
    const isFigure = ['before', 'after', 'ratio', 'interval'].includes(name);
    head.append(element('th', name, { scope: 'col', class: isFigure ? 'num' : 'text' }));
  }
  const body = table.createTBody();
  for (const { name, strategy, before, after, ratio, verdict } of shown) {
    const row = body.insertRow();
    const known = ratio !== null && Number.isFinite(ratio.ratio);
    const interval =
      known && ratio.low !== null
        ? `×${threeDigits(ratio.low)} – ×${threeDigits(ratio.high)}`
        : '–';
    row.append(
      element('th', name, { scope: 'row', dir: 'auto' }),
      element('td', strategy, { dir: 'auto' }),
      element('td', formatValue(before, metric.unit), { class: 'num' }),
      element('td', formatValue(after, metric.unit), { class: 'num' }),
      element('td', known ? formatValue(ratio.ratio, 'ratio') : '–', { class: 'num' }),
      element('td', interval, { class: 'num' }),
      element('td', verdict, { class: verdict }),
    );
  }
  pick('rows').replaceChildren(table);
  const count = (wanted) => rows.filter(({ verdict }) => verdict === wanted).length;
  const [worse, better, same] = ['worse', 'better', 'no difference seen'].map(count);
  const open = rows.length - worse - better - same;
  pick('said').textContent =
    `${rows.length} rows: ${worse} worse, ${better} better, no difference seen in ${same}, no verdict in ${open}.`;
}

let current = [];

async function show() {
  const [before, after] = [pick('before').value, pick('after').value];
  try {
    const pair = await Promise.all([load(before), load(after)]);
    const wanted = pick('metric').value || readHash().metric;
    const metrics = pair[1].metrics;
    pick('metric').replaceChildren(
      ...metrics.map(({ id, label }) => element('option', label, { value: id })),
    );
    const metric = metrics.find(({ id }) => id === wanted) ?? metrics[0];
    pick('metric').value = metric.id;
    history.replaceState(null, '', `#${new URLSearchParams({ before, after, metric: metric.id })}`);
    current = compareRuns(pair[0], pair[1], metric);
    drawRows(current, metric);
  } catch (error) {
    pick('said').textContent = `Nothing to compare: ${error.message}`;
  }
  document.documentElement.dataset.ready = 'yes';
}

function startCompare() {
  const chosen = readHash();
  for (const id of ['before', 'after']) {
    const options = [...runs]
      .reverse()
      .map(({ id: name, slug, createdAt }) =>
        element('option', `${name} (${createdAt.slice(0, 10)})`, { value: slug }),
      );
    pick(id).replaceChildren(...options);
    pick(id).value = chosen[id];
    pick(id).addEventListener('change', show);
  }
  pick('metric').addEventListener('change', show);
  pick('all').addEventListener('change', show);
  pick('csv').addEventListener('click', () => {
    const rows = current.map(({ name, strategy, before, after, ratio, verdict }) => [
      name,
      strategy,
      before,
      after,
      ratio?.ratio,
      ratio?.low,
      ratio?.high,
      verdict,
    ]);
    const header = ['scenario', 'strategy', 'before', 'after', 'ratio', 'low', 'high', 'verdict'];
    saveFile('compare.csv', csvText([header, ...rows]), 'text/csv');
  });
  show();
}

startCompare();
