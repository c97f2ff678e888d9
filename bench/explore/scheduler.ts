import { SeededRandom } from '../workloads/seeded-random.ts';

/** Why the scheduler is asked. */
export type SwitchReason =
  /** The running thread has passed the points it was given. */
  | 'due'
  /** It repeats one access at one address: it waits for somebody. */
  | 'spin'
  /** It sleeps on a futex. */
  | 'park'
  /** It has done all its steps, or nothing has run yet. */
  | 'done';

/** Decides who runs and for how long. */
export interface Scheduler {
  /** Points `thread` may pass before `choose` is asked again. */
  quantum(thread: number): number;
  /** Do only points of the strategy, and of core on its behalf, use the quantum up? */
  readonly focused: boolean;
  /**
   * Who runs next, out of `runnable` (never empty, ascending). After 'due' it may be the same thread;
   * after 'spin' the running thread is not among them unless it is alone.
   */
  choose(current: number, runnable: readonly number[], reason: SwitchReason): number;
}

/** Mean points between two switches; a seed takes one, so that both long and short runs are explored. */
const MEAN_RUNS = [3, 10, 30, 100] as const;
const FOCUSED_MEAN_RUNS = [1, 2, 4, 8] as const;

/**
 * Switches after a random number of points to a random thread. Every other seed counts only points of
 * the strategy and of core on its behalf: a window between two of them is then hit far more often.
 */
export class RandomScheduler implements Scheduler {
  readonly focused: boolean;
  readonly #random: SeededRandom;
  readonly #mean: number;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    const draw = this.#random.uint32();
    this.focused = (draw & 4) !== 0;
    this.#mean = (this.focused ? FOCUSED_MEAN_RUNS : MEAN_RUNS)[draw & 3]!;
  }

  quantum(): number {
    return below(this.#random, 2 * this.#mean);
  }

  choose(_current: number, runnable: readonly number[]): number {
    return runnable[below(this.#random, runnable.length)]!;
  }
}

/** A running thread that passed this many points yields, so that loops over other threads' work end. */
export const STARVATION_POINTS = 512;

/**
 * Probabilistic concurrency testing (Burckhardt et al., ASPLOS 2010): random priorities, the highest
 * runnable one runs, and at d-1 random points the running thread falls below all others. A race of depth
 * d is found with probability >= 1 / (threads x points^(d-1)). A thread that spins falls as well.
 */
export class PctScheduler implements Scheduler {
  readonly focused = false;
  readonly #priorities: number[];
  readonly #changes: number[];
  #passed = 0;
  #given = 0;
  #lowest = -1;

  /** @param points points a schedule has, about: change points are drawn below it */
  constructor(seed: number, threads: number, points: number) {
    const random = new SeededRandom(seed);
    this.#priorities = Array.from({ length: threads }, (_, i) => i);
    for (let i = threads - 1; i > 0; i--) {
      const other = below(random, i + 1);
      const kept = this.#priorities[i]!;
      this.#priorities[i] = this.#priorities[other]!;
      this.#priorities[other] = kept;
    }
    const depth = 2 + below(random, 3);
    this.#changes = Array.from({ length: depth - 1 }, () => below(random, points)).sort(
      (a, b) => a - b,
    );
  }

  quantum(): number {
    this.#passed += this.#given;
    while (this.#changes.length > 0 && this.#changes[0]! <= this.#passed) this.#changes.shift();
    const next = this.#changes[0];
    this.#given = Math.min(STARVATION_POINTS, next === undefined ? Infinity : next - this.#passed);
    return this.#given;
  }

  choose(current: number, runnable: readonly number[], reason: SwitchReason): number {
    if (reason === 'due' || reason === 'spin') this.#priorities[current] = this.#lowest--;
    let best = runnable[0]!;
    for (const thread of runnable) {
      if (this.#priorities[thread]! > this.#priorities[best]!) best = thread;
    }
    return best;
  }
}

/** Where a recorded schedule left the default: at this point of this thread, `to` ran next. */
export interface Decision {
  readonly thread: number;
  /** Points the thread had passed. */
  readonly points: number;
  /** The thread could not go on (park, done) or had no choice (spin): somebody had to be chosen. */
  readonly forced: boolean;
  readonly to: number;
}

/** Follows decisions; where there is none a thread runs on, or the next runnable one takes over. */
export class ScriptedScheduler implements Scheduler {
  readonly focused = false;
  readonly #decisions = new Map<string, number>();
  readonly #due: number[][];
  readonly #points: (thread: number) => number;

  /** @param points how many points a thread has passed so far */
  constructor(decisions: readonly Decision[], threads: number, points: (thread: number) => number) {
    this.#points = points;
    this.#due = Array.from({ length: threads }, () => []);
    for (const decision of decisions) {
      this.#decisions.set(keyOf(decision.thread, decision.points, decision.forced), decision.to);
      if (!decision.forced) this.#due[decision.thread]!.push(decision.points);
    }
    for (const due of this.#due) due.sort((a, b) => a - b);
  }

  quantum(thread: number): number {
    const passed = this.#points(thread);
    const next = this.#due[thread]!.find((points) => points > passed);
    return next === undefined ? STARVATION_POINTS : next - passed - 1;
  }

  choose(current: number, runnable: readonly number[], reason: SwitchReason): number {
    const points = current < 0 ? 0 : this.#points(current);
    const planned = this.#decisions.get(keyOf(current, points, reason !== 'due'));
    if (planned !== undefined && runnable.includes(planned)) return planned;
    if (reason === 'due' && runnable.includes(current)) return current;
    return runnable.find((thread) => thread > current) ?? runnable[0]!;
  }
}

function keyOf(thread: number, points: number, forced: boolean): string {
  return `${thread} ${points} ${forced}`;
}

function below(random: SeededRandom, bound: number): number {
  return Math.floor((random.uint32() / 0x100000000) * bound);
}
