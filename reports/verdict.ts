import { MIN_FORKS } from '../results/statistics/forks-needed.ts';
import type { Estimate } from './estimate.ts';
import { type Leader, leaderOf } from './leader.ts';
import { rankedSeries } from './ranked-series.ts';
import type { FailureCounts, MetricHeader, ReportModel, Scenario, Series } from './report-model.ts';
import { formatRange, formatValue } from './units.ts';

/** A sentence in pieces: names stand out in HTML and in Markdown alike. */
export type Sentence = readonly (string | { readonly name: string })[];

const MODELLED = 'modelled-time';
const MEMORY = 'bytes-per-gib';
const STALL = 'stall-share';
const SINGLE_OPERATIONS = 'Single operations, timed in batches: the table says what each costs.';
/** More names than this are a count. */
const NAMED = 4;

/** `[2.90 µs, 3.40 µs], 10 forks`: how far to trust a figure, in words. */
export function spreadText(figure: Estimate, unit: string): string {
  const { low, high, n, kind } = figure;
  if (kind === 'single') return 'one fork, no interval';
  if (kind === 'exact') return n === 1 ? 'counted' : `equal in ${n} forks`;
  if (low === null || high === null) return `${n} forks`;
  const ends = formatRange(low, high, unit, ', ');
  return kind === 'range' ? `[${ends}], range of ${n} forks` : `[${ends}], ${n} forks`;
}

/** What a reader should take away from one scenario: who wins at what, and what failed. */
export function verdictSentences(model: ReportModel, scenario: Scenario): Sentence[] {
  if (scenario.mode === 'micro') return [[SINGLE_OPERATIONS], ...troubleSentence(scenario)];
  const latency = leadingIn(model, scenario, decidingMetric(scenario));
  const memory = leadingIn(model, scenario, MEMORY);
  const stall = leadingIn(model, scenario, STALL);
  return [
    latency === null
      ? ['No strategy that may be ranked has a latency to compare.']
      : [...latencyClaim(model, latency), ...tiesOf(latency)],
    ...floorSentence(scenario, latency),
    ...(memory === null ? [] : memorySentence(memory, latency)),
    ...(stall === null ? [] : [[...stallClaim(stall), ...tiesOf(stall)]]),
    ...failureSentence(scenario),
    ...troubleSentence(scenario),
  ];
}

/** The first screen's line: who blocks the OS least, and whether memory ran out anywhere. */
export function headline(model: ReportModel, scenario: Scenario): Sentence {
  const trouble = troubleText(scenario);
  if (scenario.mode === 'micro') return [SINGLE_OPERATIONS, ...trouble];
  const latency = leadingIn(model, scenario, decidingMetric(scenario));
  const claim: Sentence =
    latency === null
      ? ['No strategy that may be ranked has a latency to compare.']
      : [...latencyClaim(model, latency), ...tiesOf(latency)];
  const stall = leadingIn(model, scenario, STALL);
  // Only what the forks show: the scenario's own section has the rest.
  const waiting: Sentence =
    stall === null || !isAhead(stall)
      ? []
      : stall.series === latency?.series && isAhead(latency)
        ? [' It also keeps the device waiting least.']
        : [' ', { name: stall.series.strategy }, ' keeps the device waiting least.'];
  const counted = allocating(scenario);
  const failing = counted.filter(({ failures }) => failures.failures > 0);
  const failures =
    counted.length === 0
      ? ''
      : failing.length === 0
        ? ' No allocation failed.'
        : ` Allocations failed in ${failing.length} of ${counted.length}.`;
  return [...claim, ...waiting, failures, ...trouble];
}

function troubleText({ series }: Scenario): Sentence {
  const troubled = series.filter(({ status }) => status !== 'passed');
  const wrong = series.filter((one) => one.status === 'passed' && one.wrong !== null);
  const named = names(troubled.map(({ strategy, status }) => `${strategy} (${status})`));
  return [
    ...(troubled.length === 0 ? [] : [' Not all passed: ', ...named, '.']),
    ...(wrong.length === 0
      ? []
      : [' Known to be wrong, so not ranked: ', ...names(wrong.map((one) => one.strategy)), '.']),
  ];
}

/** A refused strategy asked for memory and never ran. */
function allocating({ series }: Scenario): Series[] {
  return series.filter(({ status, failures }) => status !== 'refused' && failures.attempts > 0);
}

/** The first objective of the trade-off, where it is a latency: it also orders the table's tags. */
function decidingMetric({ objectives }: Scenario): string | null {
  const id = objectives[0]?.id ?? null;
  return id !== null && (id === MODELLED || id.startsWith('notifier-')) ? id : null;
}

function leadingIn(model: ReportModel, scenario: Scenario, id: string | null): Leader | null {
  const metric = model.metrics.find((candidate) => candidate.id === id);
  return metric === undefined ? null : leaderOf(model, scenario, rankedSeries(scenario), metric);
}

/** The judge sets it apart from every rival. */
function isAhead({ decides, alike, open, measured }: Leader): boolean {
  return decides && alike.length === 0 && open.length === 0 && measured > 1;
}

function figureText(series: Series, { id, unit }: MetricHeader, of = ''): string {
  const figure = series.estimates[id]!;
  const spread = spreadText(figure, unit);
  return `${formatValue(figure.value, unit)}${of}${spread.startsWith('[') ? ' ' : ', '}${spread}`;
}

function memoryText(model: ReportModel, series: Series): string {
  const metric = model.metrics.find(({ id }) => id === MEMORY);
  const figure = series.estimates[MEMORY];
  if (metric === undefined || figure == null) return '';
  return ` at ${formatValue(figure.value, metric.unit)} of table per mapped GiB`;
}

/** `showed the lowest notifier p99 (...)`: a reading, where forks or rivals allow no more. */
function reading({ series, metric, measured, ranked }: Leader): Sentence {
  const among = measured < ranked ? ` of the ${measured} of ${ranked} that have one` : '';
  return [
    { name: series.strategy },
    ` showed the lowest ${metric.label}${among} (${figureText(series, metric)})`,
  ];
}

function latencyClaim(model: ReportModel, leader: Leader): Sentence {
  const { series, metric, decides, alike, measured, ranked } = leader;
  const memory = memoryText(model, series);
  if (measured === 1) {
    const of = ranked === 1 ? 'can be ranked' : `of ${ranked} has this figure`;
    const figure = `${metric.label} (${figureText(series, metric)})`;
    return ['Only ', { name: series.strategy }, ` ${of}: ${figure}${memory}.`];
  }
  if (!decides) return [...reading(leader), `${memory}; a verdict needs ${MIN_FORKS} forks.`];
  if (metric.id === MODELLED && alike.length > 0) {
    const all = alike.length + 1 === measured && measured > 2;
    return all
      ? [`All ${measured} ranked need the same modelled device time (${alikeText(leader)}).`]
      : [
          ...someNames([series, ...alike]),
          ` need the least modelled device time (${alikeText(leader)}).`,
        ];
  }
  if (nobodyApart(leader)) return [...reading(leader), `${memory}.`];
  const figure = `${metric.id === MODELLED ? '' : `${metric.label} `}${figureText(series, metric)}`;
  const claim =
    metric.id === MODELLED ? ' needs the least modelled device time (' : ' blocks the OS least (';
  return [{ name: series.strategy }, `${claim}${figure})${memory}.`];
}

/** `2.01 s, counted; 0.01 % apart, ...`: how close those are that the judge does not set apart. */
function alikeText({ series, alike, metric }: Leader): string {
  const values = [series, ...alike].map(({ estimates }) => estimates[metric.id]!.value);
  const most = Math.max(...values) / Math.min(...values) - 1;
  const apart =
    most === 0
      ? 'equal'
      : `${most < 0.0001 ? 'less than 0.01' : (100 * most).toPrecision(1)} % apart, where less than ${100 * metric.threshold} % is no difference`;
  return `${figureText(series, metric)}; ${apart}`;
}

function nobodyApart({ alike, open, measured }: Leader): boolean {
  return alike.length + open.length === measured - 1;
}

/** From whom the leader is not told apart. */
function tiesOf(leader: Leader): Sentence {
  const { metric, decides, alike, open, measured } = leader;
  if (!decides || measured === 1) return [];
  const counted = metric.id === MODELLED;
  if (nobodyApart(leader) && open.length > 0) return [' The forks tell no strategy apart from it.'];
  return [
    ...(alike.length > 0 && !counted
      ? [' No difference seen from ', ...someNames(alike), '.']
      : []),
    ...(open.length > 0 ? [' The forks do not tell it apart from ', ...someNames(open), '.'] : []),
  ];
}

/** The harness's own cost, where it hides what strategies cost. */
function floorSentence({ series }: Scenario, latency: Leader | null): Sentence[] {
  const floor = series.find((one) => one.floor && one.status === 'passed');
  if (floor === undefined || latency === null) return [];
  const { metric, series: first } = latency;
  const cost = floor.estimates[metric.id];
  if (cost == null || cost.value < first.estimates[metric.id]!.value) return [];
  return [
    [
      'The harness floor (',
      { name: floor.strategy },
      `: no table) has ${metric.label} ${figureText(floor, metric)}, no less than the lowest strategy: at this level the figures are the harness’s.`,
    ],
  ];
}

function memorySentence(leader: Leader, latency: Leader | null): Sentence[] {
  const { series, metric, alike, open, decides } = leader;
  if (latency === null || (decides && nobodyApart(leader))) return [];
  // A claim on latency has its own strategy's memory; one on several has none.
  const several = latency.metric.id === MODELLED && latency.alike.length > 0;
  if (series === latency.series && !several) return [];
  const price =
    series.estimates[latency.metric.id] == null
      ? ''
      : `, at ${latency.metric.label} ${figureText(series, latency.metric)}`;
  const value = `${formatValue(series.estimates[MEMORY]!.value, metric.unit)} per mapped GiB`;
  const near = [...alike, ...(decides ? open : [])];
  return [
    [
      { name: series.strategy },
      decides ? ' holds the least table memory' : ' showed the least table memory',
      ` (${value})${price}.`,
      ...(near.length > 0 ? [' Alike, or not told apart: ', ...someNames(near), '.'] : []),
    ],
  ];
}

function stallClaim(leader: Leader): Sentence {
  const { series, metric, decides, measured } = leader;
  if (!decides && measured > 1)
    return [...reading(leader), `; a verdict needs ${MIN_FORKS} forks.`];
  if (measured === 1 || nobodyApart(leader)) return [...reading(leader), '.'];
  return [
    { name: series.strategy },
    ` keeps the device waiting least (${figureText(series, metric, ' of its time')}).`,
  ];
}

/**
 * `26 retried, 13 degraded`: what failed allocations led to; empty where nothing came of them. A device asks
 * again for an update that failed, so one event is both: it is said once.
 */
export function consequences(failures: FailureCounts): string {
  const { retried, degraded, updateFailed, notifierFailed } = failures;
  const again = updateFailed === null ? retried : Math.max(0, (retried ?? 0) - updateFailed);
  const repeated = retried !== null && retried >= (updateFailed ?? 0);
  return [
    [again, 'retried'],
    [degraded, 'degraded'],
    [updateFailed, repeated ? 'updates failed and tried again' : 'updates failed'],
    [notifierFailed, 'notifiers failed'],
  ]
    .filter(([count]) => count !== null && count !== 0)
    .map(([count, what]) => `${formatValue(count as number, 'count')} ${what}`)
    .join(', ');
}

/** The thread's question: did an update fail for want of memory, and what came of it? */
function failureSentence(scenario: Scenario): Sentence[] {
  const counted = allocating(scenario);
  if (counted.length === 0) return [];
  const failing = counted.filter(({ failures }) => failures.failures > 0);
  if (failing.length === 0) return [['No allocation failed in any strategy.']];
  const parts = failing.flatMap(({ strategy, failures }, index): Sentence => {
    const caused = consequences(failures);
    const text = ` (${formatValue(failures.failures, 'count')}${caused === '' ? '' : `: ${caused}`})`;
    return [index === 0 ? '' : ', ', { name: strategy }, text];
  });
  const others = counted.length - failing.length;
  return [
    ['Allocations failed in ', ...parts, others > 0 ? `; none in the other ${others}.` : '.'],
  ];
}

function troubleSentence({ series }: Scenario): Sentence[] {
  const wrong = series.filter((one) => one.status === 'passed' && one.wrong !== null);
  const unranked = wrong.map(({ strategy, wrong: why }): Sentence => {
    return [{ name: strategy }, ` is known to be wrong, so it is not ranked: ${why}.`];
  });
  const troubled = series
    .filter(({ status }) => status !== 'passed')
    .map(({ strategy, status, reason, forks }): Sentence => {
      const hit = forks.filter(({ verdict }) => verdict !== 'passed');
      const what = status === 'partial' ? (hit[0]?.verdict ?? 'absent') : status;
      const text = ` ${what} in ${hit.length} of ${forks.length} forks${reason === null ? '' : `: ${reason}`}.`;
      return [{ name: strategy }, text];
    });
  return [...troubled, ...unranked];
}

/** A few names, or the first and how many more. */
function someNames(series: readonly Series[]): Sentence {
  const list = series.map(({ strategy }) => strategy);
  if (list.length <= NAMED) return names(list);
  const shown = list.slice(0, NAMED - 1).flatMap((name) => [{ name }, ', ']);
  return [...shown.slice(0, -1), ` and ${list.length - NAMED + 1} others`];
}

function names(list: readonly string[]): Sentence {
  return list.flatMap((name, index) => [
    index === 0 ? '' : index === list.length - 1 ? ' and ' : ', ',
    { name },
  ]);
}

/** A sentence as plain text, for Markdown, feeds and tests. */
export function plainText(sentence: Sentence, nameText: (name: string) => string = String): string {
  return sentence.map((part) => (typeof part === 'string' ? part : nameText(part.name))).join('');
}
