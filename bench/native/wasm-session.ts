import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { MicroGeometry } from '../micro/micro-machine.ts';
import type { MicroStep } from '../micro/micro-step.ts';
import { CELL_FLAGS } from '../run/cell-child.ts';
import type { Cell } from '../suites/cell.ts';
import { ANSWER_LIMIT_MS, type SessionTime, type TableSession } from './table-session.ts';
import type { SessionRequest } from './wasm-session-process.ts';

const entryFile = fileURLToPath(new URL('./wasm-session-process.js', import.meta.url));

/** A strategy's wasm module in a process of its own, with the flags of a cell's process. */
export class WasmSession implements TableSession {
  readonly #child: ChildProcess;
  #answer: ((time: SessionTime) => void) | null = null;
  #fail: ((why: Error) => void) | null = null;

  private constructor() {
    this.#child = fork(entryFile, [], {
      execArgv: [...CELL_FLAGS],
      serialization: 'advanced',
    });
    this.#child.on('message', (time) => this.#answer?.(time as SessionTime));
    this.#child.on('close', (code) => {
      this.#fail?.(new Error(`the wasm process ended with code ${code}`));
    });
  }

  /** @param linked a module of linked-module.ts, or null for the three modules of a cell */
  static async open(
    cell: Cell,
    geometry: MicroGeometry,
    linked: string | null = null,
  ): Promise<WasmSession> {
    const session = new WasmSession();
    await session.#ask({ do: 'setup', cell, geometry, linked });
    return session;
  }

  async prepare(steps: readonly MicroStep[]): Promise<void> {
    await this.#ask({ do: 'prepare', steps });
  }

  measure(
    rounds: number,
    timed: readonly MicroStep[],
    restore: readonly MicroStep[],
  ): Promise<SessionTime> {
    return this.#ask({ do: 'measure', rounds, timed, restore });
  }

  close(): void {
    this.#fail = null;
    this.#child.kill();
  }

  #ask(request: SessionRequest): Promise<SessionTime> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`the wasm process did not answer "${request.do}"`));
      }, ANSWER_LIMIT_MS);
      this.#answer = (time) => {
        clearTimeout(timer);
        resolve(time);
      };
      this.#fail = (why) => {
        clearTimeout(timer);
        reject(why);
      };
      this.#child.send(request);
    });
  }
}
