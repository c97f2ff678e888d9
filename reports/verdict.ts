import type { Estimate } from './estimate.ts';
import { compareForks } from './ratio.ts';
import type { MetricHeader, ReportModel, Scenario, Series } from './report-model.ts';
import { formatRange, formatValue } from './units.ts';

/** A sentence in pieces: names stand out in HTML and in Markdown alike. */
export type Sentence = readonly (string | { readonly name: string })[];

/** The latency that decides, by what the scenario measured; replay measures none and adds up costs. */
const DECIDING = ['notifier-p999', 'notifier-p99', 'notifier-p50', 'modelled-time'];
const DECIDING_IN_REPLAY = ['modelled-time', 'notifier-p999', 'notifier-p99'];
const MEMORY = 'bytes-per-gib';
const STALL = 'stall-share';

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
  const [latency = []] = latencySentence(model, scenario, ranked);
  const least = lowest(ranked, STALL);
  const stall: Sentence =
    least === null
      ? []
      : least.strategy === nameIn(latency)
        ? [' It also keeps the device waiting least.']
        : [' ', { name: least.strategy }, ' keeps the device waiting least.'];
  const counted = scenario.series.filter(({ failures }) => failures.attempts > 0);
  const failing = counted.filter(({ failures }) => failures.failures > 0);
  const failures =
    counted.length === 0
      ? ''
      : failing.length === 0
        ? ' No allocation failed.'
        : ` Allocations failed in ${failing.length} of ${counted.length}.`;
  const troubled = scenario.series.filter(({ status }) => status !== 'passed');
  const trouble: Sentence =
    troubled.length === 0
      ? []
      : [
          ' Not all passed: ',
          ...names(troubled.map(({ strategy, status }) => `${strategy} (${status})`)),
          '.',
        ];
  return [...latency, ...stall, failures, ...trouble];
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
  const [same, open]: [string[], string[]] = [[], []];
  for (const rival of ranked) {
    if (rival === best || clearlyApart(rival, best, metric)) continue;
    const [values, baseline] = [rival, best].map((one) => one.values[metric.id] ?? []);
    const rules = { ...metric, exact: scenario.mode === 'replay' && metric.exactInReplay };
    const ratio = compareForks(values!, baseline!, rules);
    if (ratio?.verdict === 'no difference seen') same.push(rival.strategy);
    if (ratio?.verdict === 'uncertain' && closeBy(rival, best, metric.id))
      open.push(rival.strategy);
  }
  const claim =
    metric.id === 'modelled-time'
      ? ' needs the least modelled device time ('
      : ' blocks the OS least (';
  const figure = `${metric.id === 'modelled-time' ? '' : `${metric.label} `}${figureText(best, metric)}`;
  return [
    [
      { name: best.strategy },
      `${claim}${figure})${memoryText(model, best)}.`,
      ...(same.length > 0 ? [' No difference seen from ', ...names(same), '.'] : []),
      ...(open.length > 0 ? [' The forks do not tell it apart from ', ...names(open), '.'] : []),
    ],
  ];
}

/** Intervals that lie apart by more than the threshold need no bootstrap to say so. */
function clearlyApart(rival: Series, best: Series, { id, threshold }: MetricHeader): boolean {
  const [low, high] = [rival.estimates[id]?.low, best.estimates[id]?.high];
  return low != null && high != null && low > high * (1 + threshold) ** 2;
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

/** The thread's question: did an update fail for want of memory, and what came of it? */
function failureSentence(scenario: Scenario): Sentence[] {
  const counted = scenario.series.filter(({ failures }) => failures.attempts > 0);
  if (counted.length === 0) return [];
  const failing = counted.filter(({ failures }) => failures.failures > 0);
  if (failing.length === 0) return [['No allocation failed in any strategy.']];
  const parts = failing.flatMap(({ strategy, failures }, index): Sentence => {
    const caused = [
      [failures.retried, 'retried'],
      [failures.degraded, 'degraded'],
      [failures.updateFailed, 'updates failed'],
      [failures.notifierFailed, 'notifiers failed'],
    ]
      .filter(([count]) => count !== null && count !== 0)
      .map(([count, what]) => `${formatValue(count as number, 'count')} ${what}`);
    const text = ` (${formatValue(failures.failures, 'count')}${caused.length > 0 ? `: ${caused.join(', ')}` : ''})`;
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
