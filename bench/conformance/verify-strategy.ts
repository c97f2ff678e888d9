import { loadModules } from '../cell/thread-modules.ts';
import type { ResolvedStrategy } from '../run/resolve-strategy.ts';
import type { SuiteSize } from './conformance-case.ts';
import {
  type AllocationSweep,
  type CommandSweep,
  sweepAllocations,
  sweepCommands,
} from './failure-sweep.ts';
import { runCases } from './run-cases.ts';
import { raceThreads } from './thread-race.ts';
import {
  type CaseFailureRecord,
  catchOf,
  replayCommand,
  type StrategyVerification,
} from './verification.ts';

/** What is asked of one strategy; plain data, it travels to the child that does it. */
export interface VerifyRequest {
  readonly size: SuiteSize;
  readonly seed: number;
  readonly failNth: 'off' | 'all';
  readonly deviceErrors: boolean;
  /** A race of real threads; needs the compiled files. */
  readonly race: boolean;
  /** Only cases whose name starts with this, or one sweep point. */
  readonly only?: string | undefined;
}

const RACE_SECONDS: Readonly<Record<SuiteSize, number>> = { small: 0.4, full: 3 };
/** Threads need more tries to catch a canary than a strategy gets: its race ends when they have. */
const CANARY_RACES = 8;

/** Everything the suite knows to ask of a strategy, in this process. */
export async function verifyStrategy(
  { entry, file }: ResolvedStrategy,
  request: VerifyRequest,
  onProgress: (name: string) => void = () => {},
): Promise<StrategyVerification> {
  const startMs = performance.now();
  const modules = loadModules(file === undefined ? { id: entry.id } : { file });
  const strategy = { entry, modules, file, params: {} };
  const { size, seed, only } = request;
  const mustBeCaught = entry.kind === 'canary' || entry.kind === 'control';
  const cases = runCases(strategy, {
    size,
    seed,
    only,
    stopsAtFailure: mustBeCaught,
    onCase: onProgress,
  });
  // A canary that a case has caught need not be swept; the race shows whether threads see it too.
  const caught = mustBeCaught && cases.failed.length > 0;
  const selection = { size, seed, only, onRun: onProgress };
  const wants = (prefix: string): boolean => only === undefined || only.startsWith(prefix);
  const failNth =
    request.failNth === 'all' && !caught && wants('allocation/')
      ? sweepAllocations(strategy, selection)
      : null;
  const deviceErrors =
    request.deviceErrors && !caught && (wants('command-error/') || wants('device-death/'))
      ? sweepCommands(strategy, selection)
      : null;
  let race = null;
  if (request.race && wants('race')) {
    for (let i = 0; i < (mustBeCaught ? CANARY_RACES : 1); i++) {
      onProgress('race');
      race = await raceThreads(entry, modules, seed + i, RACE_SECONDS[size]);
      if (race.verdict !== 'passed') break;
    }
  }
  const failed = [
    ...cases.failed,
    ...sweepFailures(file ?? entry.id, request, failNth, deviceErrors),
  ];
  if (race !== null && race.verdict !== 'passed') {
    failed.push({
      case: 'race',
      message: race.reason ?? race.verdict,
      replay: replayCommand(file ?? entry.id, 'race', request),
    });
  }
  const found = { failed, failNth, deviceErrors, race };
  const common = {
    id: entry.id,
    kind: entry.kind,
    seed,
    passed: cases.passed.length,
    excused: cases.excused,
    ...found,
    tookMs: Math.round(performance.now() - startMs),
  };
  if (!mustBeCaught) return { ...common, verdict: failed.length === 0 ? 'passed' : 'failed' };
  const caughtBy = catchOf({ ...found, failed: cases.failed });
  return { ...common, caughtBy, verdict: caughtBy === null ? 'failed' : 'passed' };
}

function sweepFailures(
  id: string,
  request: VerifyRequest,
  failNth: AllocationSweep | null,
  deviceErrors: CommandSweep | null,
): CaseFailureRecord[] {
  const points = [...(failNth?.failed ?? []), ...(deviceErrors?.failed ?? [])];
  const records = points.map((point) => ({
    ...point,
    replay: replayCommand(id, point.case, request),
  }));
  for (const site of request.only === undefined ? (failNth?.neverFailed ?? []) : []) {
    records.push({
      case: 'allocation',
      message: `${site}: reached, but no run of the sweep made it fail`,
      replay: replayCommand(id, 'allocation/all', request),
    });
  }
  return records;
}
