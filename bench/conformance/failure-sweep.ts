import { CONTEXT_ATOMIC, CONTEXT_NOWAIT, EIO, ENOMEM, OK } from '../../core/abi/terms.ts';
import type { StrategyEntry } from '../../strategies/manifest.ts';
import { CaseFailure } from './case-failure.ts';
import { CheckedMirror } from './checked-mirror.ts';
import { churn } from './churn.ts';
import type { SuiteSize } from './conformance-case.ts';
import type { StrategyHost, StrategyUnderTest } from './strategy-host.ts';

/** How often allocations of one kind were made to fail. */
export interface SweptSite {
  readonly site: string;
  readonly context: 'KERNEL' | 'NOWAIT' | 'ATOMIC';
  readonly order: number;
  readonly attempts: number;
  readonly failures: number;
}

export interface SweepFailure {
  /** allocation/BURST/NTH, allocation/all, allocation/site/N, command-error/NTH, device-death/NTH. */
  readonly case: string;
  readonly message: string;
}

export interface AllocationSweep {
  readonly sites: readonly SweptSite[];
  readonly runs: number;
  /** Kinds of allocation that were reached but never made to fail: must be empty. */
  readonly neverFailed: readonly string[];
  readonly violations: number;
  readonly leaks: number;
  readonly hangs: number;
  readonly failed: readonly SweepFailure[];
}

export interface CommandSweep {
  readonly runs: number;
  /** Commands of the undisturbed run. */
  readonly commands: number;
  readonly violations: number;
  readonly leaks: number;
  readonly hangs: number;
  readonly failed: readonly SweepFailure[];
}

export interface SweepSelection {
  readonly size: SuiteSize;
  readonly seed: number;
  /** Runs only the sweep point of this name (a SweepFailure's case). */
  readonly only?: string | undefined;
  readonly onRun?: (name: string) => void;
}

/** A ladder of n tries needs n failures in a row to reach its end. */
const BURSTS: Readonly<Record<SuiteSize, readonly number[]>> = {
  small: [1, 3],
  full: [1, 2, 3, 4],
};
/** A sweep that long has met a strategy that retries without end. */
const RUN_LIMIT = 20_000;
/** Points of a small command sweep. */
const SMALL_POINTS = 24;
const FAILURES_KEPT = 5;

interface Tally {
  runs: number;
  violations: number;
  leaks: number;
  hangs: number;
  readonly failed: SweepFailure[];
}

/**
 * Fail-nth (Documentation/fault-injection): the scenario with the 1st, 2nd, 3rd ... allocation failing
 * until the run no longer reaches N, each also in bursts; registration is part of it.
 */
export function sweepAllocations(
  strategy: StrategyUnderTest,
  selection: SweepSelection,
): AllocationSweep {
  const tally = newTally();
  const rows = new Map<string, { attempts: number; failures: number }>();
  const wanted = wantedPoint(selection.only);
  for (const burst of wanted === null ? BURSTS[selection.size] : [wanted.burst]) {
    for (let nth = wanted?.nth ?? 1; nth < RUN_LIMIT; nth++) {
      let fired = 0;
      const name = `allocation/${burst}/${nth}`;
      const { host } = attempt(strategy, selection, name, tally, (mirror) => {
        fired = allocationRun(mirror, burst, nth);
      });
      addRows(rows, host);
      if (Math.max(fired, host.injectedFailures) === 0 || wanted !== null) break;
    }
  }
  for (const name of wanted === null ? lastingFailures(strategy.entry) : []) {
    if ((selection.only ?? name) !== name) continue;
    const { host } = attempt(strategy, selection, name, tally, (mirror) => {
      lastingRun(mirror, name.startsWith('allocation/site/') ? Number(name.slice(16)) : null);
    });
    addRows(rows, host);
  }
  const sites = [...rows].map(([key, row]) => sweptSite(strategy, key, row));
  const neverFailed = sites.filter(({ failures }) => failures === 0).map(siteText);
  return { sites, neverFailed, ...tally };
}

/** Failures that last: of every allocation, and of each site alone. */
function lastingFailures({ sites }: StrategyEntry): string[] {
  if (sites.length === 0) return [];
  return ['allocation/all', ...sites.map((_, i) => `allocation/site/${i}`)];
}

/** First the site alone, from the start; then everything; then memory is back. */
function lastingRun(mirror: CheckedMirror, site: number | null): void {
  const { host } = mirror;
  if (site !== null) host.failAllocations({ sites: 1 << site });
  if (!attached(mirror, true)) return;
  mirror.failuresExpected = true;
  churn(mirror);
  mirror.maintain(8);
  host.failAllocations({});
  churn(mirror);
  mirror.maintain(8);
  host.failAllocations(null);
  mirror.failuresExpected = false;
  churn(mirror);
  mirror.close();
}

/** allocation/<burst>/<nth>, taken apart. */
function wantedPoint(only: string | undefined): { burst: number; nth: number } | null {
  const match = /^allocation\/(\d+)\/(\d+)$/.exec(only ?? '');
  return match === null ? null : { burst: Number(match[1]), nth: Number(match[2]) };
}

function newTally(): Tally {
  return { runs: 0, violations: 0, leaks: 0, hangs: 0, failed: [] };
}

/** One run; its failure goes to the tally. */
function attempt(
  strategy: StrategyUnderTest,
  selection: SweepSelection,
  name: string,
  tally: Tally,
  run: (mirror: CheckedMirror) => void,
): CheckedMirror {
  selection.onRun?.(name);
  tally.runs++;
  const mirror = new CheckedMirror(strategy, { seed: selection.seed });
  mirror.host.watch.comparesFailures = true;
  try {
    run(mirror);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    if (mirror.host.stalled) tally.hangs++;
    else if (message.includes('leaked')) tally.leaks++;
    else tally.violations++;
    if (tally.failed.length < FAILURES_KEPT) tally.failed.push({ case: name, message });
  }
  return mirror;
}

/** Returns how many failures were injected. */
function allocationRun(mirror: CheckedMirror, burst: number, nth: number): number {
  const { host } = mirror;
  host.failAllocations({ nth, burst });
  if (!attached(mirror)) return host.injectedFailures;
  mirror.failuresExpected = true;
  churn(mirror);
  host.maintain();
  mirror.check();
  const fired = host.injectedFailures;
  host.failAllocations(null);
  // Whatever the failures have left behind, with memory back everything must work.
  mirror.failuresExpected = false;
  churn(mirror);
  mirror.close();
  return fired;
}

/** Attach and register while allocations may fail: refused or done, and nothing left when refused. */
function attached(mirror: CheckedMirror, lasting = false): boolean {
  const { host } = mirror;
  const result = host.attach();
  if (result !== OK) {
    if (!mayRefuse(host, result)) mirror.fail(`init(0) returned ${result}`);
    mirror.checkContract();
    mirror.checkNothingHeld();
    return false;
  }
  for (let tries = 0; tries < 8; tries++) {
    const held = host.heldPages;
    const refused = host.register(0);
    if (refused === OK) {
      mirror.adopt(0);
      return true;
    }
    if (!mayRefuse(host, refused)) mirror.fail(`registration returned ${refused}`);
    mirror.checkContract();
    if (host.heldPages !== held) {
      mirror.fail(`${host.heldPages - held} pages leaked by a registration that was refused`);
    }
    if (refused === EIO || lasting) {
      host.detach();
      mirror.checkNothingHeld();
      return false;
    }
  }
  throw new CaseFailure('registration was refused again after the failures were over');
}

function mayRefuse(host: StrategyHost, result: number): boolean {
  return result === ENOMEM || (result === EIO && host.deviceIsDead);
}

function addRows(
  rows: Map<string, { attempts: number; failures: number }>,
  host: StrategyHost,
): void {
  for (const { site, context, order, attempts, injected } of host.state.allocations()) {
    const key = `${site} ${context} ${order}`;
    const row = rows.get(key) ?? { attempts: 0, failures: 0 };
    row.attempts += attempts;
    row.failures += injected;
    rows.set(key, row);
  }
}

function sweptSite(
  { entry }: StrategyUnderTest,
  key: string,
  row: { attempts: number; failures: number },
): SweptSite {
  const [site, context, order] = key.split(' ').map(Number) as [number, number, number];
  return {
    site: entry.sites[site]?.name ?? `site ${site}`,
    context:
      context === CONTEXT_ATOMIC ? 'ATOMIC' : context === CONTEXT_NOWAIT ? 'NOWAIT' : 'KERNEL',
    order,
    ...row,
  };
}

function siteText({ site, context, order }: SweptSite): string {
  return `${site} ${context} order ${order}`;
}

/** The same scenario with the nth command failing once, and with the device dying at it. */
export function sweepCommands(
  strategy: StrategyUnderTest,
  selection: SweepSelection,
): CommandSweep {
  const tally = newTally();
  let commands = 0;
  attempt(strategy, selection, 'command-error/0', tally, (mirror) => {
    mirror.open();
    churn(mirror);
    mirror.close();
    commands = mirror.host.commandsPosted;
  });
  const stride = selection.size === 'full' ? 1 : Math.max(1, Math.ceil(commands / SMALL_POINTS));
  const points = Array.from({ length: Math.ceil(commands / stride) }, (_, i) => 1 + i * stride);
  const { only = '' } = selection;
  for (const [kind, kills] of [
    ['command-error', false],
    ['device-death', true],
  ] as const) {
    const wanted = only.startsWith(`${kind}/`) ? [Number(only.slice(kind.length + 1))] : points;
    if (wanted === points && only.includes('/')) continue;
    for (const nth of wanted) {
      attempt(strategy, selection, `${kind}/${nth}`, tally, (mirror) =>
        commandRun(mirror, nth, kills),
      );
    }
  }
  return { commands, ...tally };
}

function commandRun(mirror: CheckedMirror, nth: number, kills: boolean): void {
  mirror.host.failCommand(nth, kills);
  mirror.failuresExpected = kills;
  if (!kills) mirror.open();
  else if (!attached(mirror)) return;
  churn(mirror);
  for (const page of kills ? [0, 64, 600, 1030] : []) {
    const answer = mirror.read(page);
    if (mirror.host.deviceIsDead && answer === OK) mirror.fail('a dead device translates');
  }
  mirror.close();
}
