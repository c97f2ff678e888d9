import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fillDraws, type MicroGeometry } from '../micro/micro-machine.ts';
import { MICRO_WORDS, type MicroStep } from '../micro/micro-step.ts';
import { ANSWER_LIMIT_MS, type SessionTime, type TableSession } from './table-session.ts';

const EVENTS = { unmap: 0, clear: 1 } as const;
/** Room for two full tables and slack, as memory-pressure.ts's `plenty`. */
const SLACK_BYTES = 64 * 2 ** 20;

/** The C twin of a strategy in a process of its own; the protocol is runner.c's. */
export class NativeSession implements TableSession {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #draws: Uint32Array;
  #stderr = '';
  #answer: ((line: string) => void) | null = null;
  #fail: ((why: Error) => void) | null = null;

  private constructor(file: string, draws: number) {
    this.#child = spawn(file, [], { stdio: 'pipe' });
    this.#draws = new Uint32Array(draws);
    this.#child.stderr.on('data', (text: Buffer) => {
      this.#stderr += text.toString();
    });
    this.#child.on('close', (code) => {
      this.#fail?.(new Error(`the C runner ended with code ${code}: ${this.#stderr.trim()}`));
    });
    this.#child.on('error', (error) => this.#fail?.(error));
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#answer?.(line));
  }

  /** @param folder a temporary folder for what is too long for a command line */
  static async open(
    runner: { readonly file: string; readonly folder: string },
    strategy: string,
    geometry: MicroGeometry,
  ): Promise<NativeSession> {
    const session = new NativeSession(runner.file, geometry.draws);
    const regions = geometry.regions.map(({ firstPage, pageCount }) => `${firstPage} ${pageCount}`);
    const arenaBytes = geometry.pageCount * 16 + SLACK_BYTES;
    await session.#ask(`setup ${strategy} ${arenaBytes} 0 ${regions.join(' ')}`);
    if (geometry.dataBytes > 0) {
      const file = join(runner.folder, 'calls.bin');
      writeFileSync(file, geometry.data.subarray(0, geometry.dataBytes));
      await session.#ask(`calls ${file}`);
    }
    return session;
  }

  async prepare(steps: readonly MicroStep[]): Promise<void> {
    const rest: MicroStep[] = [];
    for (const step of steps) {
      if (step.call !== 'draw') rest.push(step);
      else {
        fillDraws(this.#draws, step.order, step.pages);
        await this.#ask(`draw ${this.#draws.length} ${this.#draws.join(' ')}`);
      }
    }
    await this.#ask(`prepare ${stepText(rest)}`);
  }

  async measure(
    rounds: number,
    timed: readonly MicroStep[],
    restore: readonly MicroStep[],
  ): Promise<SessionTime> {
    const line = await this.#ask(`measure ${rounds} / ${stepText(timed)} / ${stepText(restore)}`);
    const [, ns, hits] = /^ns (\d+) hits (\d+)$/.exec(line) ?? [];
    if (ns === undefined) throw new Error(`the C runner answered "${line}"`);
    return { ns: Number(ns), hits: Number(hits) };
  }

  close(): void {
    this.#fail = null;
    this.#child.stdin.end();
    this.#child.kill();
  }

  #ask(line: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`the C runner did not answer "${line.slice(0, 60)}"`));
      }, ANSWER_LIMIT_MS);
      this.#answer = (answer) => {
        clearTimeout(timer);
        resolve(answer);
      };
      this.#fail = (why) => {
        clearTimeout(timer);
        reject(why);
      };
      this.#child.stdin.write(`${line}\n`);
    });
  }
}

function stepText(steps: readonly MicroStep[]): string {
  return steps.map(textOf).join(' ');
}

/** @throws Error for a step the C twins do not have */
function textOf(step: MicroStep): string {
  switch (step.call) {
    case 'translate':
      return `t ${step.repeats}`;
    case 'update': {
      const { order, step: frames } = MICRO_WORDS[step.words];
      return `u ${order} ${frames} ${step.first} ${step.pages} ${step.stride} ${step.repeats}`;
    }
    case 'invalidate': {
      const { event, first, pages, stride, repeats } = step;
      return `i ${EVENTS[event]} ${first} ${pages} ${stride} ${repeats}`;
    }
    case 'maintain':
      return 'm';
    case 'clear':
      return 'x';
    case 'calls':
      return 'c';
    default:
      throw new Error(`the C twins have no step ${step.call}`);
  }
}
