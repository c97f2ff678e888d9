import * as layout from '../../core/abi/layout.ts';
import { NON_BLOCKABLE, OP_INVALIDATE } from '../../core/abi/trace-event.ts';
import type { SharedState } from '../cell/shared-state.ts';
import { EndlessLoop } from './endless-loop.ts';
import type { ExploredStrategy } from './explored-strategy.ts';
import { ExploredWorld, type WorldThread } from './explored-world.ts';
import type { SchedulerImports } from './logical-thread.ts';
import type { Scenario } from './scenario.ts';
import {
  type Decision,
  type Scheduler,
  STARVATION_POINTS,
  type SwitchReason,
} from './scheduler.ts';
import {
  MODE_EXPLORE,
  MODE_OFF,
  OPERATIONS,
  TURNS,
  TURNS_USED_UP,
  WORD_FOCUS_LEFT,
  WORD_HASH,
  WORD_LAST,
  WORD_LEFT,
  WORD_MODE,
  WORD_OPERATION,
  WORD_OWN,
  WORD_TURNS,
} from './scheduler-words.ts';

/** How a schedule ended, before anything is judged. */
export interface ScheduleEnd {
  readonly kind: 'finished' | 'livelock' | 'deadlock' | 'trap';
  readonly detail: string;
  /** Shared accesses made by all threads. */
  readonly points: number;
  readonly switches: number;
}

/** WORD_OPERATION inside a strategy's invalidate. */
const IN_INVALIDATE = OPERATIONS.indexOf('invalidate') + 1;

/** Turns of a spin in a row, with nobody left who could end it, that make a livelock. */
const LONE_SPINS = 10_000;

/** Sees every shared access before it is made. */
export type AccessObserver = (thread: number, address: number, packed: number) => void;

interface Running {
  readonly plan: WorldThread;
  readonly address: number;
  readonly stack: number;
  readonly stackEnd: number;
  state: 'ready' | 'parked' | 'done';
  step: number;
  unwound: boolean;
  operation: number;
  points: number;
  given: number;
  sleepsOn: number;
  /** Word the thread spins on and what it saw there; 0 = it does not spin. */
  spinsOn: number;
  spinsAt: number;
  /** The access it was unwound before; 0 when it was unwound asleep. */
  nextAddress: number;
  nextPacked: number;
}

/**
 * Runs the threads of a scenario as coroutines of this one thread: a thread that reaches a point where
 * the scheduler switches is unwound to here (asyncify), and rewound when its turn comes. Nothing but the
 * scheduler's choices decides the interleaving, so the same choices give the same schedule.
 */
export class ScheduleRunner {
  readonly world: ExploredWorld;
  readonly #state: SharedState;
  readonly #threads: Running[];
  readonly #runnable: number[] = [];
  #scheduler!: Scheduler;
  #observer: AccessObserver | null = null;
  #decisions: Decision[] | null = null;
  #current = 0;
  #next = 0;
  #rewinding = false;
  #unwinding = false;
  #points = 0;
  #switches = 0;
  #limit = Number.MAX_SAFE_INTEGER;
  #loneSpins = 0;
  #livelocked = false;
  #waitedOn: number | null = null;

  constructor(explored: ExploredStrategy, scenario: Scenario) {
    const imports: SchedulerImports = {
      pause: (address, packed, spins) => {
        if (spins === TURNS_USED_UP) this.#endless();
        this.#pause(address, packed, spins !== 0);
      },
      park: (address) => this.#park(address),
      wake: (address, count) => this.#wake(address, count),
    };
    this.world = ExploredWorld.open(explored, scenario, imports);
    this.#state = this.world.state;
    this.#threads = this.world.threads.map((plan, index) => ({
      plan,
      address: this.#state.threadAddress(index),
      stack: this.world.memory.stacks[index]!.start,
      stackEnd: this.world.memory.stacks[index]!.end,
      state: 'done',
      step: 0,
      unwound: false,
      operation: 0,
      points: 0,
      given: 0,
      sleepsOn: 0,
      spinsOn: 0,
      spinsAt: 0,
      nextAddress: 0,
      nextPacked: 0,
    }));
  }

  /** Points a thread of the schedule under way has passed. */
  pointsOf(thread: number): number {
    return this.#threads[thread]!.points;
  }

  /** Steps of a thread that are done, and where it is: for messages. */
  describe(): string {
    return this.#threads
      .map(({ plan, state, step, sleepsOn }) => {
        const where = state === 'parked' ? ` on word ${sleepsOn}` : '';
        return `${plan.name}: ${state}${where}, step ${Math.min(step + 1, plan.steps.length)} of ${plan.steps.length}`;
      })
      .join('; ');
  }

  /**
   * One schedule from the restored start to the end of all threads.
   * @param limit points after which it counts as a livelock
   */
  run(
    scheduler: Scheduler,
    limit: number,
    { observer, decisions }: { observer?: AccessObserver; decisions?: Decision[] } = {},
  ): ScheduleEnd {
    this.#scheduler = scheduler;
    this.#observer = observer ?? null;
    this.#decisions = decisions ?? null;
    this.#limit = limit;
    this.#begin();
    try {
      const kind = this.#loop();
      return this.#end(kind, kind === 'finished' ? '' : this.describe());
    } catch (cause) {
      if (cause instanceof EndlessLoop) return this.#end('livelock', this.describe());
      if (!(cause instanceof WebAssembly.RuntimeError)) throw cause;
      const where = this.#threads[this.#current]!.plan.name;
      return this.#end('trap', `${cause.message} in ${where}`);
    } finally {
      this.#state.set(WORD_MODE, MODE_OFF);
    }
  }

  /** Halves of the schedule's 64-bit hash: equal for equal interleavings. */
  get hashHigh(): number {
    return this.#state.get(WORD_HASH + 4);
  }

  get hashLow(): number {
    return this.#state.get(WORD_HASH);
  }

  #begin(): void {
    const state = this.#state;
    for (const thread of this.#threads) {
      thread.state = 'ready';
      thread.step = 0;
      thread.unwound = false;
      thread.operation = 0;
      thread.points = 0;
      thread.spinsOn = 0;
    }
    this.#points = 0;
    this.#switches = 0;
    this.#rewinding = false;
    this.#unwinding = false;
    this.#loneSpins = 0;
    this.#livelocked = false;
    this.#waitedOn = null;
    this.#current = -1;
    state.set(WORD_HASH, 0x84222325);
    state.set(WORD_HASH + 4, 0xcbf29ce4);
    state.set(WORD_MODE, MODE_EXPLORE);
  }

  #end(kind: ScheduleEnd['kind'], detail: string): ScheduleEnd {
    return { kind, detail, points: this.#points, switches: this.#switches };
  }

  #loop(): 'finished' | 'livelock' | 'deadlock' {
    this.#next = this.#choose('done');
    for (;;) {
      this.#current = this.#next;
      this.#resume(this.#threads[this.#current]!);
      if (this.#livelocked) return 'livelock';
      const thread = this.#threads[this.#current]!;
      if (thread.state === 'ready') continue;
      if (this.#countRunnable(-1) === 0) {
        return this.#threads.some(({ state }) => state === 'parked') ? 'deadlock' : 'finished';
      }
      this.#next = this.#choose(thread.state === 'parked' ? 'park' : 'done');
    }
  }

  /** Runs a thread until it is unwound or done. */
  #resume(thread: Running): void {
    const state = this.#state;
    const { driver } = thread.plan.instance;
    this.#switches++;
    thread.spinsOn = 0;
    state.set(WORD_OWN, thread.address);
    state.set(WORD_OPERATION, thread.operation);
    state.set(WORD_LAST, 0);
    state.set(WORD_LAST + 4, 0);
    state.set(WORD_HASH, state.get(WORD_HASH) ^ (thread.plan.index + 1));
    this.#give(thread);
    if (thread.unwound) {
      thread.unwound = false;
      this.#rewinding = true;
      driver.asyncify_start_rewind(thread.stack);
    }
    const { steps } = thread.plan;
    while (thread.step < steps.length) {
      steps[thread.step]!();
      if (this.#unwinding) {
        this.#unwinding = false;
        driver.asyncify_stop_unwind();
        thread.unwound = true;
        thread.operation = state.get(WORD_OPERATION);
        return;
      }
      thread.step++;
    }
    this.#account(thread);
    thread.state = 'done';
  }

  #give(thread: Running): void {
    const quantum = this.#observer === null ? this.#scheduler.quantum(thread.plan.index) : 0;
    const { focused } = this.#scheduler;
    thread.given = focused ? STARVATION_POINTS : quantum;
    this.#state.set(WORD_LEFT, thread.given);
    this.#state.set(WORD_TURNS, TURNS);
    this.#state.set(WORD_FOCUS_LEFT, focused ? quantum : 0x7fffffff);
  }

  /** Adds the points passed since the thread was given some. */
  #account(thread: Running): void {
    const passed = thread.given - (this.#state.get(WORD_LEFT) | 0);
    thread.points += passed;
    this.#points += passed;
    thread.given -= passed;
  }

  #pause(address: number, packed: number, spins: boolean): void {
    if (this.#stopRewinding()) return;
    const thread = this.#threads[this.#current]!;
    this.#account(thread);
    if (this.#points > this.#limit || this.#loneSpins > LONE_SPINS) {
      this.#livelocked = true;
      this.#unwind(thread);
      return;
    }
    if (spins) {
      this.#noteWait(thread, address);
      thread.spinsOn = address >>> 2;
      thread.spinsAt = this.#state.words[thread.spinsOn]!;
    }
    const next = this.#choose(spins ? 'spin' : 'due');
    this.#loneSpins = spins && next === this.#current ? this.#loneSpins + 1 : 0;
    if (next !== this.#current) {
      this.#next = next;
      thread.nextAddress = address;
      thread.nextPacked = packed;
      this.#unwind(thread);
      return;
    }
    this.#observer?.(this.#current, address, packed);
    this.#give(thread);
  }

  /** @throws EndlessLoop through the code that loops: nothing of it goes on */
  #endless(): never {
    this.#state.set(WORD_TURNS, TURNS);
    throw new EndlessLoop();
  }

  #park(address: number): void {
    if (this.#stopRewinding()) return;
    const thread = this.#threads[this.#current]!;
    this.#account(thread);
    this.#noteWait(thread, address);
    thread.state = 'parked';
    thread.sleepsOn = address;
    thread.nextPacked = 0;
    this.#unwind(thread);
  }

  /**
   * A strategy that waits, in a range that may not block, for a word of its own or of its region. The
   * allocator's lock is a spin lock in the kernel and may be waited for.
   */
  #noteWait(thread: Running, address: number): void {
    const step = this.world.scenario.threads[thread.plan.index]!.steps[thread.step];
    if (step?.kind !== 'event' || step.op !== OP_INVALIDATE) return;
    if ((step.arg & NON_BLOCKABLE) === 0 || this.#state.get(WORD_OPERATION) !== IN_INVALIDATE)
      return;
    const { regionBase } = this.world.memory.plan;
    const regionEnd = regionBase + this.world.scenario.regions.length * layout.REGION_BYTES;
    const own = address - layout.STATE_STRATEGY;
    const isOwn = own >= 0 && own < layout.STATE_STRATEGY_BYTES;
    if (isOwn || (address >= regionBase && address < regionEnd)) this.#waitedOn ??= address;
  }

  /** Word that a range which may not block waited for; null: none did. */
  get waitedOn(): number | null {
    return this.#waitedOn;
  }

  #wake(address: number, count: number): number {
    let woken = 0;
    for (const thread of this.#threads) {
      if (thread.state !== 'parked' || thread.sleepsOn !== address || woken >= count) continue;
      thread.state = 'ready';
      woken++;
    }
    return woken;
  }

  /** True when the call is the end of a rewind: the thread goes on where it was. */
  #stopRewinding(): boolean {
    if (!this.#rewinding) return false;
    this.#rewinding = false;
    const thread = this.#threads[this.#current]!;
    thread.plan.instance.driver.asyncify_stop_rewind();
    if (this.#observer !== null && thread.nextPacked !== 0) {
      this.#observer(this.#current, thread.nextAddress, thread.nextPacked);
    }
    return true;
  }

  #unwind(thread: Running): void {
    this.#unwinding = true;
    this.#state.set(thread.stack, thread.stack + 8);
    this.#state.set(thread.stack + 4, thread.stackEnd);
    thread.plan.instance.driver.asyncify_start_unwind(thread.stack);
  }

  /**
   * Fills the list of runnable threads. A thread whose spin word still says what it saw would only spin
   * on: it counts when nobody else does, so that a livelock runs into the limit.
   */
  #countRunnable(except: number): number {
    this.#runnable.length = 0;
    for (let i = 0; i < this.#threads.length; i++) {
      if (i !== except && this.#threads[i]!.state === 'ready' && !this.#spins(this.#threads[i]!)) {
        this.#runnable.push(i);
      }
    }
    if (this.#runnable.length > 0) return this.#runnable.length;
    for (let i = 0; i < this.#threads.length; i++) {
      if (i !== except && this.#threads[i]!.state === 'ready') this.#runnable.push(i);
    }
    return this.#runnable.length;
  }

  #spins(thread: Running): boolean {
    return thread.spinsOn !== 0 && this.#state.words[thread.spinsOn] === thread.spinsAt;
  }

  #choose(reason: SwitchReason): number {
    const current = this.#current;
    if (this.#countRunnable(reason === 'spin' ? current : -1) === 0) return current;
    const to = this.#scheduler.choose(current, this.#runnable, reason);
    if (this.#decisions !== null && (to !== current || reason !== 'due')) {
      const points = current < 0 ? 0 : this.#threads[current]!.points;
      this.#decisions.push({ thread: current, points, forced: reason !== 'due', to });
    }
    return to;
  }

  /** Counter of one thread, low half. */
  counter(thread: number, counter: number): number {
    return this.#state.get(this.#threads[thread]!.address + layout.THREAD_COUNTERS + counter * 8);
  }
}
