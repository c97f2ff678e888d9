import * as layout from '../../core/abi/layout.ts';
import { EVENT_CLEAR } from '../../core/abi/trace-event.ts';
import { loadModules } from '../cell/thread-modules.ts';
import { MicroMachine } from '../micro/micro-machine.ts';
import { resolveStrategy } from '../run/resolve-strategy.ts';
import { benchmarkCell } from './benchmark-cell.ts';
import { fastestNs } from './fastest.ts';
import type { ProbeFigures } from './probe.ts';

const REPEATS = 16_384;
const TRIES = 20;
const BLOCK = { pages: 512, stride: 512 };

/**
 * What the harness adds to a strategy's own cost: one clock reading, a whole notifier event and a whole
 * device access (oracle included) against noop and against the bare translation.
 */
export function driverProbe(): ProbeFigures {
  const floor = machineOf('noop');
  const clockNs = fastestNs(TRIES, () => floor.driver.warmClock(REPEATS)) / REPEATS;
  const notify = (): number =>
    fastestNs(TRIES, () => floor.driver.microNotify(0, 1, 1, REPEATS, EVENT_CLEAR)) / REPEATS;
  const notifyTimedNs = notify();
  floor.state.set(layout.PLAN_MODELLED, 1);
  const notifyNs = notify();

  const flat = machineOf('flat-preallocated');
  flat.run([
    { call: 'draw', order: 'random', pages: REPEATS },
    {
      call: 'update',
      words: 'scattered',
      first: 0,
      ...BLOCK,
      repeats: REPEATS / BLOCK.pages,
    },
  ]);
  const translateNs = fastestNs(TRIES, () => flat.driver.microTranslate(0, REPEATS)) / REPEATS;
  const accessOf = (oracle: number): number => {
    flat.state.set(layout.PLAN_ORACLE, oracle);
    return fastestNs(TRIES, () => flat.driver.microAccess(REPEATS)) / REPEATS;
  };
  const accessNs = accessOf(0);
  const accessJudgedNs = accessOf(1);
  return { clockNs, notifyNs, notifyTimedNs, translateNs, accessNs, accessJudgedNs };
}

function machineOf(strategy: string): MicroMachine {
  const { entry } = resolveStrategy(strategy);
  const cell = benchmarkCell(strategy, 'micro', 0);
  return new MicroMachine({ cell, entry }, loadModules({ id: strategy }));
}
