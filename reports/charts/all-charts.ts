import { allocationFailures } from './allocation-failures.ts';
import type { ReportChart, ScenarioChart } from './chart-definition.ts';
import { ecdf } from './ecdf.ts';
import { forkStrip } from './fork-strip.ts';
import { latencyOverTime } from './latency-over-time.ts';
import { memoryOverTime } from './memory-over-time.ts';
import { pareto } from './pareto.ts';
import { percentileSpectrum } from './percentile-spectrum.ts';
import { rangeSizes } from './range-sizes.ts';
import { scalingCurves } from './scaling-curves.ts';
import { throughputLatency } from './throughput-latency.ts';

/** Charts of one scenario, in the order in which a page shows them. */
export const SCENARIO_CHARTS: readonly ScenarioChart[] = [
  pareto,
  percentileSpectrum,
  memoryOverTime,
  allocationFailures,
  latencyOverTime,
  ecdf,
  forkStrip,
  throughputLatency,
  rangeSizes,
];

/** Charts over all scenarios; the heat map is made apart, because it depends on the baseline. */
export const REPORT_CHARTS: readonly ReportChart[] = [scalingCurves];
