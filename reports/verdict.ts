import { judgePairs, type PlainSeries } from '../results/compare/judge-pairs.ts';
import { MIN_FORKS } from '../results/statistics/forks-needed.ts';
import type { Estimate } from './estimate.ts';
import type { FailureCounts, MetricHeader, ReportModel, Scenario, Series } from './report-model.ts';
import { formatRange, formatValue } from './units.ts';

/** A sentence in pieces: names stand out in HTML and in Markdown alike. */
export type Sentence = readonly (string | { readonly name: string })[];

/** The latency that decides, by what the scenario measured; replay measures none and adds up costs. */
const DECIDING = ['notifier-p999', 'notifier-p99', 'notifier-p50', 'modelled-time'];
const DECIDING_IN_REPLAY = ['modelled-time', 'notifier-p999', 'notifier-p99'];
const MEMORY = 'bytes-per-gib';
const STALL = 'stall-share';
const SINGLE_OPERATIONS = 'Single operations, timed in batches: the table says what each costs.';

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
  const ranked = rankedSeries(scenario);
  if (scenario.mode === 'micro') return [[SINGLE_OPERATIONS], ...troubleSentence(scenario)];
  return [
    ...latencySentence(model, scenario, ranked),
    ...memorySentence(model, scenario, ranked),
    ...stallSentence(model, ranked),
    ...failureSentence(scenario),
    ...troubleSentence(scenario),
  ];
}

/** The first screen's line: who blocks the OS least, and whether memory ran out anywhere. */
export function headline(model: ReportModel, scenario: Scenario): Sentence {
  const ranked = rankedSeries(scenario);
  const trouble = troubleText(scenario);
  if (scenario.mode === 'micro') return [SINGLE_OPERATIONS, ...trouble];
  const [latency = []] = latencySentence(model, scenario, ranked);
  const least = lowest(ranked, STALL);
  const stall: Sentence =
    least === null
      ? []
      : least.strategy === nameIn(latency)
        ? [' It also keeps the device waiting least.']
        : [' ', { name: least.strategy }, ' keeps the device waiting least.'];
  const counted = allocating(scenario);
  const failing = counted.filter(({ failures }) => failures.failures > 0);
  const failures =
    counted.length === 0
      ? ''
      : failing.length === 0
        ? ' No allocation failed.'
        : ` Allocations failed in ${failing.length} of ${counted.length}.`;
  return [...latency, ...stall, failures, ...trouble];
}

function troubleText({ series }: Scenario): Sentence {
  const troubled = series.filter(({ status }) => status !== 'passed');
  if (troubled.length === 0) return [];
  const named = names(troubled.map(({ strategy, status }) => `${strategy} (${status})`));
  return [' Not all passed: ', ...named, '.'];
}

/** A refused strategy asked for memory and never ran. */
function allocating({ series }: Scenario): Series[] {
  return series.filter(({ status, failures }) => status !== 'refused' && failures.attempts > 0);
}

function nameIn([first]: Sentence): string | null {
  return typeof first === 'object' ? first.name : null;
}

function rankedSeries({ series }: Scenario): Series[] {
  return series.filter(
    ({ floor, status }) => !floor && (status === 'passed' || status === 'partial'),
  );
}

function lowest(series: readonly Series[], metric: string): Series | null {
  const measured = series.filter(({ estimates }) => estimates[metric] != null);
  measured.sort((a, b) => a.estimates[metric]!.value - b.estimates[metric]!.value);
  return measured[0] ?? null;
}

function decidingMetric(
  model: ReportModel,
  { mode }: Scenario,
  ranked: readonly Series[],
): MetricHeader | null {
  for (const id of mode === 'replay' ? DECIDING_IN_REPLAY : DECIDING) {
    const metric = model.metrics.find((candidate) => candidate.id === id);
    if (metric !== undefined && ranked.some(({ estimates }) => estimates[id] != null))
      return metric;
  }
  return null;
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

function latencySentence(
  model: ReportModel,
  scenario: Scenario,
  ranked: readonly Series[],
): Sentence[] {
  const metric = decidingMetric(model, scenario, ranked);
  const best = metric === null ? null : lowest(ranked, metric.id);
  if (metric === null || best === null) return [['No strategy has a latency to compare.']];
  const modelled = metric.id === 'modelled-time';
  const figure = `${modelled ? '' : `${metric.label} `}${figureText(best, metric)}`;
  const memory = memoryText(model, best);
  if (!carriesVerdict(best.estimates[metric.id]!)) {
    const what = modelled ? 'the least modelled device time' : `the lowest ${metric.label}`;
    return [
      [
        { name: best.strategy },
        ` showed ${what} (${figureText(best, metric)})${memory}; a verdict needs ${MIN_FORKS} forks.`,
      ],
    ];
  }
  const { same, open } = nearRivals(model, scenario, ranked, best, metric);
  const claim = modelled ? ' needs the least modelled device time (' : ' blocks the OS least (';
  return [
    [
      { name: best.strategy },
      `${claim}${figure})${memory}.`,
      ...(same.length > 0 ? [' No difference seen from ', ...names(same), '.'] : []),
      ...(open.length > 0 ? [' The forks do not tell it apart from ', ...names(open), '.'] : []),
    ],
  ];
}

/** Counted figures stand alone; measured ones need the forks that the judge asks for. */
function carriesVerdict({ kind, n }: Estimate): boolean {
  return kind === 'exact' || n >= MIN_FORKS;
}

/** Strategies that the judge does not set apart from the best one of a scenario. */
function nearRivals(
  model: ReportModel,
  scenario: Scenario,
  ranked: readonly Series[],
  best: Series,
  metric: MetricHeader,
): { readonly same: string[]; readonly open: string[] } {
  const rivals = ranked.filter((rival) => rival !== best && rival.values[metric.id] !== undefined);
  const run = model.runs.find(({ id }) => id === scenario.run);
  const plain = (series: Series): PlainSeries => ({
    forks: series.forks
      .filter(({ verdict }) => verdict === 'passed')
      .map(({ fork, seed }) => [fork, seed] as const),
    values: series.values[metric.id] ?? [],
    errors: series.errors[metric.id],
    conditions: series.conditions,
  });
  const judgements = judgePairs(
    metric,
    rivals.map((rival) => ({
      mode: scenario.mode,
      baseline: plain(best),
      candidate: plain(rival),
    })),
    { seed: run?.plan.seed ?? 1, paired: true, block: run?.block ?? null },
  );
  const of = (wanted: 'same' | 'undecided') =>
    rivals.filter((_, i) => judgements[i]!.outcome === wanted);
  return {
    same: of('same').map(({ strategy }) => strategy),
    open: of('undecided')
      .filter((rival) => closeBy(rival, best, metric.id))
      .map(({ strategy }) => strategy),
  };
}

/** Only a rival whose forks overlap with the best one's is worth naming as undecided. */
function closeBy(rival: Series, best: Series, metric: string): boolean {
  const [low, high] = [rival.estimates[metric]?.low, best.estimates[metric]?.high];
  if (low == null || high == null) {
    return (rival.estimates[metric]?.value ?? 0) <= best.estimates[metric]!.value * 1.5;
  }
  return low <= high;
}

function memorySentence(
  model: ReportModel,
  scenario: Scenario,
  ranked: readonly Series[],
): Sentence[] {
  const metric = model.metrics.find(({ id }) => id === MEMORY);
  const least = metric === undefined ? null : lowest(ranked, MEMORY);
  const deciding = decidingMetric(model, scenario, ranked);
  if (metric === undefined || least === null || deciding === null) return [];
  if (least === lowest(ranked, deciding.id)) return [];
  const price =
    least.estimates[deciding.id] == null
      ? ''
      : `, at ${deciding.label} ${figureText(least, deciding)}`;
  const value = formatValue(least.estimates[MEMORY]!.value, metric.unit);
  return [
    [{ name: least.strategy }, ` holds the least table memory (${value} per mapped GiB)${price}.`],
  ];
}

function stallSentence(model: ReportModel, ranked: readonly Series[]): Sentence[] {
  const metric = model.metrics.find(({ id }) => id === STALL);
  const least = metric === undefined ? null : lowest(ranked, STALL);
  if (metric === undefined || least === null) return [];
  return [
    [
      { name: least.strategy },
      ` keeps the device waiting least (${figureText(least, metric, ' of its time')})${memoryText(model, least)}.`,
    ],
  ];
}

/** `26 retried, 13 degraded`: what failed allocations led to; empty where nothing came of them. */
export function consequences(failures: FailureCounts): string {
  return [
    [failures.retried, 'retried'],
    [failures.degraded, 'degraded'],
    [failures.updateFailed, 'updates failed'],
    [failures.notifierFailed, 'notifiers failed'],
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
  return series
    .filter(({ status }) => status !== 'passed')
    .map(({ strategy, status, reason, forks }): Sentence => {
      const hit = forks.filter(({ verdict }) => verdict !== 'passed');
      const what = status === 'partial' ? (hit[0]?.verdict ?? 'absent') : status;
      const text = ` ${what} in ${hit.length} of ${forks.length} forks${reason === null ? '' : `: ${reason}`}.`;
      return [{ name: strategy }, text];
    });
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
