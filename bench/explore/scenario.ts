/** One thing a logical thread does. */
export type Step =
  /** An OS event (core/abi/trace-event.ts). */
  | {
      readonly kind: 'event';
      readonly op: number;
      readonly first: number;
      readonly count: number;
      readonly arg: number;
    }
  /** A device access: translate, fault if need be. */
  | { readonly kind: 'access'; readonly page: number; readonly write: boolean }
  /** One round of maintain over all regions. */
  | { readonly kind: 'maintain' }
  | { readonly kind: 'register'; readonly region: number }
  | { readonly kind: 'unregister'; readonly region: number }
  /** Registers every region that is gone. */
  | { readonly kind: 'restore' };

export type LogicalRole = 'device' | 'os' | 'maintenance';

export interface LogicalThreadPlan {
  /** Heads its column in a printed interleaving. */
  readonly name: string;
  readonly role: LogicalRole;
  /** Done before the schedule, one thread after the other, without switches. */
  readonly before: readonly Step[];
  readonly steps: readonly Step[];
}

/** A small situation in which threads collide; explored under many schedules. */
export interface Scenario {
  readonly name: string;
  readonly summary: string;
  /** Pages of the space, a multiple of 512. */
  readonly pageCount: number;
  readonly regions: readonly { readonly firstPage: number; readonly pageCount: number }[];
  /** The OS comes first: its `before` steps map the memory. */
  readonly threads: readonly LogicalThreadPlan[];
  /** Pages every device accesses when all threads are done: stale leftovers show there. */
  readonly checkedPages: readonly number[];
  /** The nth allocation after setup fails, n drawn from 1..this by the seed; 0 = none fails. */
  readonly failNthUpTo: number;
  /** How regions are torn down: one of TEARDOWN_*. */
  readonly teardown: number;
}
