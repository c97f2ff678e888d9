import * as layout from '../../core/abi/layout.ts';
import * as terms from '../../core/abi/terms.ts';
import type { ScheduleEnd, ScheduleRunner } from './schedule-runner.ts';
import { MODE_OFF, MODE_TRACK, TURNS, WORD_MODE, WORD_OWN, WORD_TURNS } from './scheduler-words.ts';

/** What a schedule did wrong. Invariants are those of the domain, I1 to I10. */
export interface ScheduleFault {
  readonly kind: 'violation' | 'livelock' | 'deadlock' | 'trap';
  /** Which invariant, or the kind again. */
  readonly invariant: string;
  readonly text: string;
}

const ACTIVE_WINDOWS = layout.STATE_NOTIFIER + 72;

/** Counters that say a schedule went wrong, with the invariant they stand for. */
const TELLTALES = [
  {
    counter: terms.COUNT_NOTIFIER_FAILED,
    invariant: 'I2',
    text: 'an invalidation returned an error',
  },
  {
    counter: terms.COUNT_BAD_FREES,
    invariant: 'I6',
    text: 'memory was freed that was not held',
  },
] as const;

/** Invariants by VIOLATION_* of the oracle. */
const VIOLATIONS: Readonly<Record<number, { invariant: string; text: string }>> = {
  [terms.VIOLATION_STALE_READ]: { invariant: 'I1', text: 'stale translation, readable' },
  [terms.VIOLATION_STALE_WRITE]: { invariant: 'I5', text: 'stale translation, writable' },
  [terms.VIOLATION_WIDER_RIGHTS]: { invariant: 'I5', text: 'rights wider than the CPU granted' },
  [terms.VIOLATION_POISON]: { invariant: 'I10', text: 'translation from freed memory' },
  [terms.VIOLATION_FOREIGN_FRAME]: { invariant: 'I1', text: "another page's frame" },
};

/**
 * Judges a schedule that has ended: what the oracle saw on the way, then, with all threads quiet, what
 * is left in table and caches, then the teardown: everything freed, nothing freed twice.
 */
export function judgeSchedule(runner: ScheduleRunner, end: ScheduleEnd): ScheduleFault | null {
  if (end.kind !== 'finished') {
    return { kind: end.kind, invariant: end.kind, text: `${end.kind}: ${end.detail}` };
  }
  const { state } = runner.world;
  state.set(WORD_MODE, MODE_TRACK);
  state.set(WORD_TURNS, TURNS);
  try {
    return (
      findViolation(runner) ??
      findLeftovers(runner) ??
      findTelltale(runner) ??
      findTeardownFault(runner)
    );
  } catch (cause) {
    if (!(cause instanceof WebAssembly.RuntimeError)) throw cause;
    const text = `trap after the schedule: ${cause.message}`;
    return { kind: 'trap', invariant: 'trap', text };
  } finally {
    state.set(WORD_MODE, MODE_OFF);
  }
}

function findViolation(runner: ScheduleRunner): ScheduleFault | null {
  const { world } = runner;
  for (const { index, name } of world.threads) {
    if (runner.counter(index, terms.COUNT_VIOLATIONS) === 0) continue;
    const example = world.state.examples().find(({ thread }) => thread === index)!;
    const { invariant, text } = VIOLATIONS[example.kind]!;
    return {
      kind: 'violation',
      invariant,
      text:
        `${invariant} ${text}: ${name} used page ${example.page} through entry ` +
        `${hex(example.entry)}; frames up to ${example.readDead} may no longer be read, up to ` +
        `${example.writeDead} no longer written; the page's word is now ${hex(example.word)}`,
    };
  }
  return null;
}

/** Each device uses each page of the scenario once more. */
function findLeftovers(runner: ScheduleRunner): ScheduleFault | null {
  const { world } = runner;
  world.threads.forEach(({ index, instance }) => {
    if (world.scenario.threads[index]!.role !== 'device') return;
    world.state.set(WORD_OWN, world.state.threadAddress(index));
    for (const page of world.scenario.checkedPages) instance.driver.access(page, 0);
  });
  const found = findViolation(runner);
  return found && { ...found, text: `${found.text} (used again when all threads were done)` };
}

function findTelltale(runner: ScheduleRunner): ScheduleFault | null {
  const { threads, state } = runner.world;
  for (const { index, name } of threads) {
    for (const { counter, invariant, text } of TELLTALES) {
      if (runner.counter(index, counter) === 0) continue;
      return { kind: 'violation', invariant, text: `${invariant} ${text}, in ${name}` };
    }
    if (runner.counter(index, terms.COUNT_LIVELOCKS) !== 0) {
      const text = `${name} gave a fault up after the retry limit`;
      return { kind: 'livelock', invariant: 'livelock', text };
    }
  }
  if (runner.waitedOn !== null) {
    const text = `I8 a range that may not block waited for the word at ${runner.waitedOn}`;
    return { kind: 'violation', invariant: 'I8', text };
  }
  const open = state.get(ACTIVE_WINDOWS);
  if (open === 0) return null;
  const text = `I8 ${open} notifier windows are still open`;
  return { kind: 'violation', invariant: 'I8', text };
}

function findTeardownFault(runner: ScheduleRunner): ScheduleFault | null {
  const { threads, scenario } = runner.world;
  const { core, driver } = threads[0]!.instance;
  const { plan } = runner.world.memory;
  driver.maintainAll();
  scenario.regions.forEach((_, region) => {
    driver.unregister(region);
    driver.reapDeferred(plan.regionBase + region * layout.REGION_BYTES);
  });
  driver.detach();
  for (const { instance } of threads) instance.core.deviceFence();
  let held = 0;
  for (let kind = 0; kind < terms.MEMORY_KINDS; kind++) held += core.pagesOfKind(kind);
  const wrong = core.allocatorCheck();
  const bad = threads.some(({ index }) => runner.counter(index, terms.COUNT_BAD_FREES) !== 0);
  if (held === 0 && wrong === 0 && !bad) return null;
  const text =
    `I6 after the teardown ${held} pages are still held, the allocator has ${wrong} contradictions` +
    (bad ? ', memory was freed that was not held' : '');
  return { kind: 'violation', invariant: 'I6', text };
}

function hex(word: bigint): string {
  return `0x${word.toString(16)}`;
}
