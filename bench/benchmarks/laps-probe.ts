import * as layout from '../../core/abi/layout.ts';
import * as terms from '../../core/abi/terms.ts';
import { resolveWorkload } from '../run/resolve-workload.ts';
import { BENCHMARK_SEED } from './benchmark-cell.ts';
import type { ProbeFigures } from './probe.ts';
import { prepareReplay } from './replay-probe.ts';

/** 100 million events: the recording's own, and two device accesses after each. */
const LAPS = 1800;
/** Laps after which the memory is looked at for the first time. */
const EARLY_LAPS = 180;
const ACCESSES = 2;

/** A long replay in one go: what it checks, how long it takes, and whether its memory grows. */
export async function lapsProbe(): Promise<ProbeFigures> {
  const trace = await resolveWorkload({ id: 'redis-bgsave', params: {} }, BENCHMARK_SEED);
  const { state, driver } = prepareReplay(trace, ACCESSES);
  const startMs = performance.now();
  state.set(layout.PLAN_LAPS, EARLY_LAPS);
  driver.replayLoop();
  const residentEarly = process.memoryUsage().rss;
  state.set(layout.PLAN_LAPS, LAPS - EARLY_LAPS);
  driver.replayLoop();
  return {
    events: state.count(terms.COUNT_EVENTS),
    checkedTranslations: state.count(terms.COUNT_TRANSLATIONS),
    violations: state.count(terms.COUNT_VIOLATIONS),
    seconds: (performance.now() - startMs) / 1000,
    growthMib: (process.memoryUsage().rss - residentEarly) / 2 ** 20,
  };
}
