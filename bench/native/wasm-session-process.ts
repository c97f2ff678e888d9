// Entry of the process that holds a wasm table for the comparison with C: the flags of a cell's process,
// the machine of micro mode, one request at a time.
import { readFileSync } from 'node:fs';
import { loadModules } from '../cell/thread-modules.ts';
import { type MicroGeometry, MicroMachine } from '../micro/micro-machine.ts';
import type { MicroStep } from '../micro/micro-step.ts';
import { resolveStrategy } from '../run/resolve-strategy.ts';
import type { Cell } from '../suites/cell.ts';
import type { SessionTime } from './table-session.ts';

export type SessionRequest =
  | {
      readonly do: 'setup';
      readonly cell: Cell;
      readonly geometry: MicroGeometry;
      /** A module of linked-module.ts that takes the driver's place; null: the three modules. */
      readonly linked: string | null;
    }
  | { readonly do: 'prepare'; readonly steps: readonly MicroStep[] }
  | {
      readonly do: 'measure';
      readonly rounds: number;
      readonly timed: readonly MicroStep[];
      readonly restore: readonly MicroStep[];
    };

let machine: MicroMachine | null = null;

process.on('message', (message: unknown) => {
  process.send?.(serve(message as SessionRequest));
});

function serve(request: SessionRequest): SessionTime {
  if (request.do === 'setup') {
    const { entry } = resolveStrategy(request.cell.strategy);
    const three = loadModules({ id: entry.id });
    const { linked } = request;
    const modules =
      linked === null ? three : { ...three, driver: new WebAssembly.Module(readFileSync(linked)) };
    machine = new MicroMachine({ cell: request.cell, entry }, modules, request.geometry);
    return { ns: 0, hits: 0 };
  }
  if (machine === null) throw new Error('the first request is setup');
  if (request.do === 'prepare') return machine.run(request.steps);
  const total = { ns: 0, hits: 0 };
  for (let round = 0; round < request.rounds; round++) {
    const { ns, hits } = machine.run(request.timed);
    total.ns += ns;
    total.hits += hits;
    machine.run(request.restore);
  }
  return total;
}
