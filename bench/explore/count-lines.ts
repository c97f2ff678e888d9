import { EVENT_CLEAR, OP_INVALIDATE } from '../../core/abi/trace-event.ts';
import { UsageError } from '../../results/usage-error.ts';
import { type ExploredStrategy, loadExplored, type StrategySource } from './explored-strategy.ts';
import { clearLineCounts, type LineCount, readLineCounts } from './line-counts.ts';
import type { Scenario, Step } from './scenario.ts';
import { blockScenario, mapped, mappedHuge } from './scenarios.ts';
import { ScheduleRunner } from './schedule-runner.ts';
import { MODE_COUNT, MODE_OFF, type Operation, WORD_MODE } from './scheduler-words.ts';

const BLOCK = 512;
const PAGE = 3;
const read: Step = { kind: 'access', page: PAGE, write: false };
const invalidate = (first: number, count: number): Step => ({
  kind: 'event',
  op: OP_INVALIDATE,
  first,
  count,
  arg: EVENT_CLEAR,
});

interface CountedOperation {
  readonly name: string;
  /** 'device': what the hardware walker reads; 'cpu': what the driver does. */
  readonly side: 'device' | 'cpu';
  readonly counted: Operation;
  readonly os: readonly Step[];
  /** Done by the device before the counted step. */
  readonly before: readonly Step[];
  readonly step: { readonly by: 'os' | 'device'; readonly what: Step };
}

function operation(
  name: string,
  counted: Operation,
  os: readonly Step[],
  before: readonly Step[],
  step: CountedOperation['step'],
): CountedOperation {
  return { name, side: counted === 'translate' ? 'device' : 'cpu', counted, os, before, step };
}

const byDevice = { by: 'device', what: read } as const;
const byOs = (what: Step) => ({ by: 'os', what }) as const;

/**
 * The operations whose cache lines are counted, each for one page of a block of 4 KiB mappings and for a
 * block that is one 2 MiB mapping. A fault translates twice, the miss and the walk after the update, so
 * translate is counted on its own: by the access of a second device whose cache is cold.
 */
const OPERATIONS: readonly CountedOperation[] = [
  operation('translate-4k', 'translate', mapped(PAGE), [read], byDevice),
  operation('update-4k', 'update', mapped(PAGE), [], byDevice),
  operation('invalidate-4k', 'invalidate', mapped(PAGE), [read], byOs(invalidate(PAGE, 1))),
  operation('translate-2m', 'translate', mappedHuge(), [read], byDevice),
  operation('update-2m', 'update', mappedHuge(), [], byDevice),
  operation('invalidate-2m', 'invalidate', mappedHuge(), [read], byOs(invalidate(0, BLOCK))),
];

export const countedOperations: readonly string[] = OPERATIONS.map(({ name }) => name);

export interface OperationLines extends LineCount {
  readonly operation: string;
  readonly side: 'device' | 'cpu';
}

/**
 * Loads, stores and distinct 64-byte lines of one operation: exact, and the same on every machine.
 * Counted are the accesses of the strategy's own code, and those of core to the table arena on its
 * behalf (zeroing, DMA copies); the model's bookkeeping is not.
 *
 * @throws UsageError for an unknown operation
 */
export async function countLines({
  strategy,
  operation,
}: {
  readonly strategy: StrategySource;
  readonly operation: string;
}): Promise<OperationLines> {
  const found = OPERATIONS.find(({ name }) => name === operation);
  if (found === undefined) {
    throw new UsageError(
      `operation "${operation}": unknown (known: ${countedOperations.join(', ')})`,
    );
  }
  return countIn(await loadExplored(strategy), found);
}

/** All operations of a strategy, for a row of the micro table. */
export async function countAllLines(strategy: StrategySource): Promise<readonly OperationLines[]> {
  const explored = await loadExplored(strategy);
  return OPERATIONS.map((operation) => countIn(explored, operation));
}

function countIn(explored: ExploredStrategy, operation: CountedOperation): OperationLines {
  const { name, side, counted, step } = operation;
  const runner = new ScheduleRunner(explored, scenarioOf(operation));
  const { state, threads } = runner.world;
  clearLineCounts(state);
  state.set(WORD_MODE, MODE_COUNT);
  threads[step.by === 'os' ? 0 : 2]!.steps[0]!();
  state.set(WORD_MODE, MODE_OFF);
  return { operation: name, side, ...readLineCounts(state, [counted]) };
}

/** The first device brings the mapping in, the second one finds it with a cold cache. */
function scenarioOf({ name, os, before, step }: CountedOperation): Scenario {
  const steps = (by: 'os' | 'device') => (step.by === by ? [step.what] : []);
  return blockScenario(`count-${name}`, [
    { role: 'os', name: 'os', steps: steps('os'), before: os },
    { role: 'device', name: 'device 1', steps: [], before },
    { role: 'device', name: 'device 2', steps: steps('device'), before: [] },
  ]);
}
