import type { CellModules } from './thread-modules.ts';

export type Role = 'device' | 'storm' | 'maintenance' | 'registration' | 'replay';

/** One measured run of one role; a pool thread gets exactly one. */
export interface RoleTask {
  readonly role: Role;
  /** Index of the thread block. */
  readonly thread: number;
  /** Index among the threads of the role. */
  readonly index: number;
}

/** What a pool thread is sent: its task, and the modules, which are compiled while the threads start. */
export interface RoleOrder {
  readonly task: RoleTask;
  readonly modules: CellModules;
}

export interface RoleResult {
  readonly ok: boolean;
  /** The trap's message when not ok. */
  readonly message: string;
  /** Inside the measured window, of this thread's isolate. */
  readonly gcEvents: number;
  readonly heapGrowthBytes: number;
  /** Round trip of a cache line to the next thread, fastest batch; null: not the one that leads. */
  readonly handoverNs: number | null;
  /** One reading of the thread's clock, fastest round. */
  readonly clockCostNs: number;
}

/** Thread block 0 is the host's setup thread; then devices, storms, maintenance. */
export const FIRST_WORKER_THREAD = 1;
