import { scenarioKey, seriesKey, strategyLabel, workloadLabel } from '../cell-identity.ts';
import type { CellRecord } from '../cell-record.ts';
import { forkSample } from '../fork-sample.ts';
import { groupBy } from '../group-by.ts';
import { histogramOf } from '../hdr-text.ts';
import { LatencyHistogram } from '../latency-histogram.ts';
import type { LatencyKind, Metric } from '../metrics.ts';
import type { ForkSample } from '../statistics/fork-bootstrap.ts';

/** Modes whose records carry figures to compare; the others prove and are listed only. */
const MEASURING_MODES: ReadonlySet<string> = new Set(['storm', 'replay', 'micro']);

/** The forks of one strategy in one scenario. */
export class Series {
  readonly key: string;
  readonly strategy: string;
  readonly scenario: string;
  readonly workload: string;
  readonly device: string;
  readonly mode: CellRecord['mode'];
  readonly pressure: string | null;
  /** Records with figures: the cell passed. */
  readonly measured: readonly CellRecord[];
  readonly unmeasured: readonly CellRecord[];
  readonly #pooled = new Map<LatencyKind, LatencyHistogram | null>();

  /** @param records of one series, at least one */
  constructor(records: readonly CellRecord[]) {
    const [first] = records;
    if (first === undefined) throw new Error('a series has at least one record');
    this.key = seriesKey(first);
    this.strategy = strategyLabel(first);
    this.scenario = scenarioKey(first);
    this.workload = workloadLabel(first);
    this.device = first.device.profile;
    this.mode = first.mode;
    this.pressure = first.pressure;
    this.measured = records
      .filter(({ verdict }) => verdict === 'passed')
      .sort((a, b) => a.fork - b.fork);
    this.unmeasured = records.filter(({ verdict }) => verdict !== 'passed');
  }

  /** The metric of every fork that has it. */
  samples(metric: Metric): ForkSample[] {
    return this.measured
      .map((record) => forkSample(record, metric))
      .filter((sample) => sample !== null);
  }

  /** The percentile over all samples of all forks; null for other metrics. */
  pooled(metric: Metric): number | null {
    if (metric.percentile === undefined) return null;
    const { latency, perTenThousand } = metric.percentile;
    let histogram = this.#pooled.get(latency);
    if (histogram === undefined) {
      const parts = this.measured.map((r) => histogramOf(r.latency[latency]));
      const present = parts.filter((part) => part !== null);
      histogram = present.length === 0 ? null : LatencyHistogram.merge(present);
      this.#pooled.set(latency, histogram);
    }
    return histogram?.quantileNs(perTenThousand) ?? null;
  }
}

/** Series of the records that may be compared, by key, in the order in which they first appear. */
export function seriesOf(records: readonly CellRecord[]): Map<string, Series> {
  const compared = records.filter(
    ({ comparison, mode }) => comparison && MEASURING_MODES.has(mode),
  );
  const groups = groupBy(compared, seriesKey);
  return new Map([...groups].map(([key, group]) => [key, new Series(group)]));
}
