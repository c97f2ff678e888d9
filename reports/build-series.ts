import { replicateKey } from '../results/cell-identity.ts';
import type { AllocationCount, CellRecord, MemorySample } from '../results/cell-record.ts';
import { forkSample } from '../results/fork-sample.ts';
import { histogramOf } from '../results/hdr-text.ts';
import { METRICS } from '../results/metrics.ts';
import { FLOOR_FAMILY } from '../results/pareto.ts';
import { type Estimate, estimate, exactly } from './estimate.ts';
import {
  type CapacityRow,
  type FailureCounts,
  type ForkRow,
  OPERATIONS,
  type Operation,
  type Series,
  type SeriesStatus,
  type WindowPoint,
} from './report-model.ts';
import { type Spectrum, spectrumOf } from './spectrum.ts';

/** Points of a time series in a chart: more than a phone or a column of a paper can show. */
const SERIES_POINTS = 120;

/**
 * Reduces the forks of one strategy in one scenario. Figures come from passed forks only; one failed
 * fork (a stale translation) fails the series, because a strategy that is wrong once is wrong.
 *
 * @param records one per fork, at least one
 * @param wrong why the run shows the strategy to be wrong
 */
export function buildSeries(
  strategy: string,
  style: number,
  records: readonly CellRecord[],
  wrong: string | null,
): Series {
  const forks = [...records].sort((a, b) => a.fork - b.fork);
  const passed = forks.filter(({ verdict }) => verdict === 'passed');
  const values: Record<string, (number | null)[]> = {};
  const estimates: Record<string, Estimate | null> = {};
  for (const metric of METRICS) {
    const { id, exactInReplay } = metric;
    const samples = passed.map((record) => forkSample(record, metric));
    if (samples.every((sample) => sample === null)) continue;
    const figures = samples.map((sample) => sample?.value ?? null);
    values[id] = figures;
    const [only] = figures;
    const counted = figures.length === 1 && exactInReplay && forks[0]!.mode === 'replay';
    estimates[id] = counted && only != null ? exactly(only) : estimate(figures);
  }
  const shown = typicalFork(passed);
  return {
    strategy,
    cellId: forks[0]!.cellId,
    style,
    status: statusOf(forks),
    reason: forks.find(({ verdict }) => verdict !== 'passed')?.reason ?? null,
    floor: forks[0]!.family === FLOOR_FAMILY,
    wrong,
    forks: forks.map(forkRow),
    values,
    conditions: [...new Set(passed.map(({ conditionsHash }) => conditionsHash))].sort().join(' '),
    estimates,
    spectra: spectraOf(passed),
    windows: shown === null ? [] : windowPoints(shown),
    memory: shown === null ? [] : thinned(shown.memory.series),
    seriesFork: shown?.fork ?? null,
    allocations: allocationSums(forks),
    failures: failureSums(forks),
    capacity: shown === null ? [] : shown.capacity.map(capacityRow),
    micro: shown?.micro ?? [],
    notes: notesOf(forks),
  };
}

function statusOf(forks: readonly CellRecord[]): SeriesStatus {
  const verdicts = forks.map(({ verdict }) => verdict);
  if (verdicts.includes('failed')) return 'failed';
  if (verdicts.every((verdict) => verdict === 'passed')) return 'passed';
  if (verdicts.includes('passed')) return 'partial';
  return verdicts[0]!;
}

/** The fork whose notifier p99 is the median one: a time series cannot be averaged over forks. */
function typicalFork(passed: readonly CellRecord[]): CellRecord | null {
  const ordered = [...passed].sort(
    (a, b) => (a.latency.notifier.p99Ns ?? 0) - (b.latency.notifier.p99Ns ?? 0) || a.fork - b.fork,
  );
  return ordered[ordered.length >> 1] ?? null;
}

function forkRow(record: CellRecord): ForkRow {
  return {
    cellId: replicateKey(record),
    fork: record.fork,
    seed: record.seed,
    verdict: record.verdict,
    reason: record.reason,
    translations: record.oracle.translations,
    violations: record.oracle.violations,
    examples: record.oracle.examples.slice(0, 3),
    steady: record.steadyState.class,
  };
}

function spectraOf(passed: readonly CellRecord[]): Partial<Record<Operation, Spectrum>> {
  const spectra: Partial<Record<Operation, Spectrum>> = {};
  for (const operation of OPERATIONS) {
    const summaries = passed.map(({ latency }) => latency[operation]);
    const histograms = summaries
      .map((summary) => histogramOf(summary))
      .filter((histogram) => histogram !== null);
    const batchSize = summaries.find((summary) => summary.batchSize !== null)?.batchSize ?? null;
    const spectrum = spectrumOf(histograms, batchSize);
    if (spectrum !== null) spectra[operation] = spectrum;
  }
  return spectra;
}

function windowPoints(record: CellRecord): WindowPoint[] {
  return thinned(record.windows).map(
    ({ timeNs, durationNs, storm, notifier, fault, gcEvents }) => ({
      timeNs,
      durationNs,
      storm,
      notifierP99Ns: notifier.p99Ns,
      notifierMaxNs: notifier.maxNs,
      faultP99Ns: fault.p99Ns,
      faultMaxNs: fault.maxNs,
      gcEvents,
    }),
  );
}

/** Keeps first, last and evenly spaced samples; cumulative counts stay right. */
function thinned<T extends MemorySample | CellRecord['windows'][number]>(
  samples: readonly T[],
): T[] {
  if (samples.length <= SERIES_POINTS) return [...samples];
  const step = (samples.length - 1) / (SERIES_POINTS - 1);
  return Array.from({ length: SERIES_POINTS }, (_, index) => samples[Math.round(index * step)]!);
}

function allocationSums(forks: readonly CellRecord[]): AllocationCount[] {
  const sums = new Map<string, AllocationCount>();
  for (const row of forks.flatMap(({ allocations }) => allocations)) {
    const key = `${row.context}|${row.order}|${row.site}`;
    const known = sums.get(key);
    sums.set(key, {
      ...row,
      attempts: (known?.attempts ?? 0) + row.attempts,
      failures: (known?.failures ?? 0) + row.failures,
      injected: (known?.injected ?? 0) + row.injected,
    });
  }
  return [...sums.values()];
}

function failureSums(forks: readonly CellRecord[]): FailureCounts {
  const rows = forks.flatMap(({ allocations }) => allocations);
  const total = (field: 'attempts' | 'failures' | 'injected') =>
    rows.reduce((sum, row) => sum + row[field], 0);
  const consequence = (field: keyof CellRecord['failures']) =>
    forks.reduce<number | null>((sum, { failures }) => {
      const count = failures[field];
      return count === null ? sum : (sum ?? 0) + count;
    }, null);
  return {
    attempts: total('attempts'),
    failures: total('failures'),
    injected: total('injected'),
    degraded: consequence('degraded'),
    retried: consequence('retried'),
    updateFailed: consequence('updateFailed'),
    notifierFailed: consequence('notifierFailed'),
  };
}

function capacityRow(point: CellRecord['capacity'][number]): CapacityRow {
  const { offeredPerSecond, achievedPerSecond, notifierP99Ns, notifierP999Ns, faultP99Ns } = point;
  return {
    offeredPerSecond,
    achievedPerSecond,
    notifierP99Ns,
    notifierP999Ns,
    faultP99Ns,
    saturated: point.saturated,
  };
}

/** Reasons to read this row with care, each once. */
function notesOf(forks: readonly CellRecord[]): string[] {
  const notes = new Set<string>();
  for (const { flags } of forks) {
    for (const { severity, text } of flags) if (severity === 'warning') notes.add(text);
  }
  const unsteady = forks.filter(({ steadyState }) =>
    ['none', 'slowdown'].includes(steadyState.class ?? ''),
  ).length;
  if (unsteady > 0) notes.add(`no steady state in ${unsteady} of ${forks.length} forks`);
  return [...notes];
}
