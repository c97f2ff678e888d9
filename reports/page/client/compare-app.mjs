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
  const others = runs.filter(
    ({ slug, machineId }) => slug !== last?.slug && machineId === last?.machineId,
  );
  // A run of another suite shares few scenarios with the newest one.
  const before = others.findLast(({ suite }) => suite === last?.suite) ?? others.at(-1);
  return {
    before: given.get('before') ?? before?.slug ?? last?.slug,
    after: given.get('after') ?? last?.slug,
    metric: given.get('metric') ?? 'notifier-p99',
  };
}

const USABLE = ['passed', 'partial'];

/** One row per strategy and scenario that either run holds. */
function compareRuns(before, after, metric) {
  const sides = [before, after];
  const names = new Set(sides.flatMap(({ scenarios }) => scenarios.map(({ name }) => name)));
  const rows = [...names].flatMap((name) => {
    const scenarios = sides.map((run) => run.scenarios.find((s) => s.name === name));
    const strategies = scenarios.flatMap((s) => (s?.series ?? []).map(({ strategy }) => strategy));
    return [...new Set(strategies)].map((strategy) => ({
      name,
      strategy,
      mode: scenarios[1]?.mode,
      series: scenarios.map((s) => s?.series.find((one) => one.strategy === strategy)),
    }));
  });
  const measured = ({ series }) => series.every((one) => one?.values[metric.id] !== undefined);
  const family = rows.filter(measured);
  const pairs = family.map(({ mode, series }) => {
    const [baseline, candidate] = series.map((one) => plainSeries(one, metric.id));
    return { mode, baseline, candidate };
  });
  const block =
    before.machineId === after.machineId ? (before.block ?? after.block) : 'two machines';
  const judgements = judgePairs(metric, pairs, { seed: before.seed, paired: false, block });
  return rows
    .map((row) => ({ ...row, ...judgementOf(row, judgements[family.indexOf(row)]) }))
    .sort((a, b) => weight(b) - weight(a));
}

/** What stands in a row beside its names. A run that was wrong in a fork has no figure to trust. */
function judgementOf({ series: [a, b] }, judgement) {
  const none = { before: null, after: null, ratio: null, outcome: 'undecided', reason: '' };
  if ([a, b].some((one) => one === undefined || !USABLE.includes(one.status))) {
    const words = [a, b].map((one) => one?.status ?? 'absent');
    return {
      ...none,
      changed: words[0] !== words[1],
      verdict: `${words[0]} before, ${words[1]} after`,
    };
  }
  if (judgement === undefined) return { ...none, verdict: 'not measured' };
  const { baselineValue, candidateValue, ratio, outcome, reason } = judgement;
  // What has no verdict says why without being asked.
  const verdict = outcome === 'undecided' ? `${judgement.verdict}: ${reason}` : judgement.verdict;
  return { before: baselineValue, after: candidateValue, ratio, verdict, outcome, reason };
}

/** What changed most stands first; what did not change last. */
function weight({ outcome, ratio }) {
  if (outcome === 'same') return 0;
  if (outcome === 'undecided') return 1;
  return 10 + (ratio === null ? 10 : Math.abs(Math.log(ratio.estimate)));
}

const COLOURS = { improved: 'better', regressed: 'worse', same: '', undecided: '' };

function drawRows(rows, metric) {
  const differs = ({ outcome, changed }) => changed || ['improved', 'regressed'].includes(outcome);
  const shown = pick('all').checked ? rows : rows.filter(differs);
  const table = element('table', null, { class: 'results' });
  const head = table.createTHead().insertRow();
  for (const name of ['scenario', 'strategy', 'before', 'after', 'ratio', 'interval', 'verdict']) {
    const isFigure = ['before', 'after', 'ratio', 'interval'].includes(name);
    head.append(element('th', name, { scope: 'col', class: isFigure ? 'num' : 'text' }));
  }
  const body = table.createTBody();
  for (const { name, strategy, before, after, ratio, verdict, outcome, reason } of shown) {
    const row = body.insertRow();
    const interval =
      ratio === null ? '–' : `×${threeDigits(ratio.low)} – ×${threeDigits(ratio.high)}`;
    const named = (title, text, attributes) =>
      element('td', text, { ...attributes, 'data-column': title });
    row.append(
      element('th', name, { scope: 'row', dir: 'auto' }),
      named('strategy', strategy, { dir: 'auto' }),
      named('before', formatValue(before, metric.unit), { class: 'num' }),
      named('after', formatValue(after, metric.unit), { class: 'num' }),
      named('ratio', ratio === null ? '–' : formatValue(ratio.estimate, 'ratio'), { class: 'num' }),
      named('interval', interval, { class: 'num' }),
      named('verdict', verdict, { class: COLOURS[outcome], title: reason }),
    );
  }
  const undecided = rows.find(({ outcome }) => outcome === 'undecided');
  const why =
    undecided === undefined ? '' : ` Of those without a verdict the first: ${undecided.verdict}.`;
  const none = element('p', `No row differs; the box above shows the others.${why}`);
  pick('rows').replaceChildren(shown.length > 0 ? table : none);
  const count = (wanted) => rows.filter(({ outcome }) => outcome === wanted).length;
  const [worse, better, same, open] = ['regressed', 'improved', 'same', 'undecided'].map(count);
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

/** Suite, date and time; a name where two runs share them. */
function runLabel({ id, suite, createdAt }) {
  const label = (run) => `${run.suite ?? run.id} · ${run.createdAt.slice(0, 16).replace('T', ' ')}`;
  const own = label({ id, suite, createdAt });
  return runs.filter((run) => label(run) === own).length > 1 ? `${own} · ${id}` : own;
}

function startCompare() {
  const chosen = readHash();
  for (const id of ['before', 'after']) {
    const options = [...runs]
      .reverse()
      .map((run) => element('option', runLabel(run), { value: run.slug }));
    pick(id).replaceChildren(...options);
    pick(id).value = chosen[id];
    pick(id).addEventListener('change', show);
  }
  pick('metric').addEventListener('change', show);
  pick('all').addEventListener('change', show);
  pick('csv').addEventListener('click', () => {
    const rows = current.map(({ name, strategy, before, after, ratio, verdict, reason }) => [
      name,
      strategy,
      before,
      after,
      ratio?.estimate,
      ratio?.low,
      ratio?.high,
      verdict,
      reason,
    ]);
    const header = [
      'scenario',
      'strategy',
      'before',
      'after',
      'ratio',
      'low',
      'high',
      'verdict',
      'reason',
    ];
    saveFile('compare.csv', csvText([header, ...rows]), 'text/csv');
  });
  show();
}

startCompare();
