import { REGION_BYTES } from '../../core/abi/layout.ts';
import { type CellInputs, setUpCell, setupEvents } from '../cell/cell-setup.ts';
import { type CellModules, type Interposer, instantiate } from '../cell/thread-modules.ts';
import { MICRO_GEOMETRY, type MicroGeometry, NO_COSTS } from '../micro/micro-machine.ts';

/** The calls a strategy got in a replay, in the form core/driver/micro-calls.ts plays. */
export interface RecordedCalls {
  readonly geometry: MicroGeometry;
  readonly updates: number;
  readonly invalidates: number;
  readonly translates: number;
  /** Entries carried by the updates plus pages covered by the invalidations. */
  readonly pages: number;
}

const TRANSLATE = 0;
const UPDATE = 1;
const INVALIDATE = 2;
const GRANULE_BYTES = 32;

/** Collects 32-bit words of unknown number. */
class CallBuffer {
  #words = new Uint32Array(1 << 16);
  #length = 0;

  push(...words: readonly number[]): void {
    this.#reserve(words.length);
    this.#words.set(words, this.#length);
    this.#length += words.length;
  }

  append(words: Uint32Array): void {
    this.#reserve(words.length);
    this.#words.set(words, this.#length);
    this.#length += words.length;
  }

  bytes(): Uint8Array {
    return new Uint8Array(this.#words.buffer, 0, this.#length * 4);
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#words.length) return;
    const grown = new Uint32Array(2 * (this.#length + more));
    grown.set(this.#words);
    this.#words = grown;
  }
}

/**
 * Plays a replay cell once in this thread and writes down every call its table gets, set-up events
 * included, in order and with the words of each update. No device cache, so every access is a walk.
 */
export function recordCalls(inputs: CellInputs, modules: CellModules): RecordedCalls {
  const { state, plan } = setUpCell({ ...inputs, device: NO_COSTS });
  const buffer = new CallBuffer();
  const counts = { updates: 0, invalidates: 0, translates: 0, pages: 0 };
  const indexOf = (region: number): number => (region - plan.regionBase) / REGION_BYTES;
  const interposer: Interposer = {
    services: (core) => core,
    functions: (strategy) => {
      const own = strategy as Record<string, (...args: number[]) => number>;
      return {
        ...own,
        translate: (region: number, page: number) => {
          buffer.push(TRANSLATE, indexOf(region), page, 1, 0, 0);
          counts.translates++;
          return own.translate!(region, page);
        },
        update: (region: number, first: number, count: number, words: number) => {
          buffer.push(UPDATE, indexOf(region), first, count, 0, 0);
          buffer.append(state.words.subarray(words >>> 2, (words >>> 2) + count * 2));
          counts.updates++;
          counts.pages += count;
          return own.update!(region, first, count, words);
        },
        invalidate: (...args: [number, number, number, number, number]) => {
          const [region, first, count, event, blockable] = args;
          buffer.push(INVALIDATE, indexOf(region), first, count, event, blockable);
          counts.invalidates++;
          counts.pages += count;
          return own.invalidate!(...args);
        },
      };
    },
  };
  const { driver } = instantiate(modules, state.memory, 0, interposer);
  driver.attach();
  inputs.trace.regions.forEach(({ firstPage, pageCount }, index) => {
    driver.register(index, firstPage, pageCount);
  });
  for (let event = 0; event < setupEvents(inputs.trace); event++) driver.applyTraceEvent(event);
  driver.openWindow();
  driver.replayLoop();
  const bytes = buffer.bytes();
  const data = new Uint8Array(Math.ceil(bytes.length / GRANULE_BYTES) * GRANULE_BYTES);
  data.set(bytes);
  const { pageCount, regions } = inputs.trace;
  const geometry = { ...MICRO_GEOMETRY, pageCount, regions, data, dataBytes: bytes.length };
  return { geometry, ...counts };
}
