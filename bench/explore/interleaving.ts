import type { SharedState } from '../cell/shared-state.ts';
import { addressClass } from './address-class.ts';
import type { ExploredWorld } from './explored-world.ts';
import type { Site } from './instrument-text.ts';
import type { AccessObserver } from './schedule-runner.ts';
import { OPERATIONS, WORD_OPERATION } from './scheduler-words.ts';

/** One shared access of a schedule. */
export interface ObservedAccess {
  readonly thread: number;
  readonly site: Site;
  readonly addressClass: string;
  /** Strategy function under way in the thread, or '' outside of one. */
  readonly operation: string;
  readonly before: bigint;
  /** Known when the next access is about to be made. */
  after: bigint;
  /** The same access of a loop again, directly after: how often. */
  repeats: number;
}

/** Records every shared access of one schedule. */
export class Interleaving {
  readonly accesses: ObservedAccess[] = [];
  readonly #world: ExploredWorld;
  readonly #state: SharedState;
  #lastAddress = 0;

  constructor(world: ExploredWorld) {
    this.#world = world;
    this.#state = world.state;
  }

  readonly observer: AccessObserver = (thread, address, packed) => {
    this.finish();
    const site = this.#world.explored.sites[packed >>> 8]!;
    const last = this.accesses.at(-1);
    this.#lastAddress = address;
    if (last?.thread === thread && last.site === site) {
      last.repeats++;
      return;
    }
    const before = this.#read(address, site);
    this.accesses.push({
      thread,
      site,
      addressClass: addressClass(this.#world.memory.plan, address),
      operation: OPERATIONS[this.#state.get(WORD_OPERATION) - 1] ?? '',
      before,
      after: before,
      repeats: 0,
    });
  };

  /** Reads what the last access left behind. */
  finish(): void {
    const last = this.accesses.at(-1);
    if (last === undefined || !last.site.stores || last.repeats > 0) return;
    last.after = this.#read(this.#lastAddress, last.site);
  }

  /** 0 where there is no memory: the access itself will trap. */
  #read(address: number, { bytes }: Site): bigint {
    const { view } = this.#state;
    if (address + Math.max(bytes, 8) > view.byteLength) return 0n;
    if (bytes === 1) return BigInt(view.getUint8(address));
    if (bytes === 2) return BigInt(view.getUint16(address, true));
    if (bytes === 4) return BigInt(view.getUint32(address, true));
    return view.getBigUint64(address, true);
  }
}
