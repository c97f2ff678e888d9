import {
  CALL_BRK,
  CALL_MADVISE,
  CALL_MMAP,
  CALL_MPROTECT,
  CALL_MREMAP,
  CALL_MUNMAP,
  CALL_NONE,
} from './raw-event.ts';
import { TextWords } from './text-words.ts';

/** How the arguments of a kernel event are to be read. */
export const FORM_IGNORED = 0;
export const FORM_RANGE = 1;
export const FORM_ENTER = 2;
export const FORM_RETURN = 3;
export const FORM_FAULT = 4;
export const FORM_FORK = 5;
export const FORM_EXEC = 6;
export const FORM_TASK_EXIT = 7;
export const FORM_COLLAPSE = 8;
export const FORM_MIGRATE = 9;
export const FORM_MARK = 10;

/** A trace event that the importer knows by name. */
export interface KernelEvent {
  readonly name: string;
  readonly form: number;
  readonly call: number;
  /** The name as it is usually printed, with the character that ends it. */
  readonly text: TextWords;
  readonly nameBytes: number;
  /** Lines seen. */
  count: number;
}

const CALLS: readonly (readonly [string, number])[] = [
  ['mmap', CALL_MMAP],
  ['munmap', CALL_MUNMAP],
  ['mprotect', CALL_MPROTECT],
  ['madvise', CALL_MADVISE],
  ['mremap', CALL_MREMAP],
  ['brk', CALL_BRK],
];

/** [subsystem, event, form]; tracefs prints the event, perf script subsystem:event. */
const EVENTS: readonly (readonly [string, string, number])[] = [
  ['kvm', 'kvm_unmap_hva_range', FORM_RANGE],
  ['exceptions', 'page_fault_user', FORM_FAULT],
  ['exceptions', 'page_fault_kernel', FORM_FAULT],
  ['sched', 'sched_process_fork', FORM_FORK],
  ['sched', 'sched_process_exec', FORM_EXEC],
  ['sched', 'sched_process_exit', FORM_TASK_EXIT],
  ['huge_memory', 'mm_collapse_huge_page', FORM_COLLAPSE],
  ['migrate', 'set_migration_pte', FORM_MIGRATE],
  ['ftrace', 'tracing_mark_write', FORM_MARK],
  // Known, and without a meaning for the table: they carry no address, or repeat what a range said.
  ['tlb', 'tlb_flush', FORM_IGNORED],
  ['migrate', 'remove_migration_pte', FORM_IGNORED],
  ['ksm', 'ksm_merge_with_ksm_page', FORM_IGNORED],
  ['huge_memory', 'mm_khugepaged_scan_pmd', FORM_IGNORED],
];

const SLOTS = 256;
/** Where the word stands by which events are told apart first: behind "sys_", or "syscalls:sys_enter_". */
const TRACEFS_KEY_AT = 4;
const PERF_KEY_AT = 19;

/** Hash of the first byte's turn; see `nextHash`. */
export const HASH_SEED = 0x811c9dc5 | 0;

/** One step of FNV-1a, the hash under which event names are found. */
export function nextHash(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x01000193);
}

/** Finds the events of one format by the hash of their printed name. */
export class KernelEventTable {
  readonly #hashes = new Int32Array(SLOTS);
  readonly #events: (KernelEvent | undefined)[] = new Array(SLOTS).fill(undefined);
  /** Events by their word at #keyAt; those with shorter names are left to `find`. */
  readonly #byWord: (readonly KernelEvent[])[] = new Array(SLOTS).fill([]);
  readonly all: KernelEvent[] = [];

  readonly #keyAt: number;

  private constructor(keyAt: number) {
    this.#keyAt = keyAt;
  }

  /** Names as tracefs prints them; "sys_mmap" stands for the call, "sys_mmap ->" for its return. */
  static tracefs(): KernelEventTable {
    const table = new KernelEventTable(TRACEFS_KEY_AT);
    for (const [name, call] of CALLS) {
      table.#add(`sys_${name}`, `sys_${name}`, FORM_ENTER, call, '(');
      table.#add(`sys_${name}>`, `sys_${name} exit`, FORM_RETURN, call, ' -');
    }
    for (const [, name, form] of EVENTS) table.#add(name, name, form, CALL_NONE);
    return table;
  }

  /** Names as perf script prints them. */
  static perf(): KernelEventTable {
    const table = new KernelEventTable(PERF_KEY_AT);
    for (const [name, call] of CALLS) {
      const enter = `syscalls:sys_enter_${name}`;
      const exit = `syscalls:sys_exit_${name}`;
      table.#add(enter, enter, FORM_ENTER, call);
      table.#add(exit, exit, FORM_RETURN, call);
    }
    for (const [subsystem, event, form] of EVENTS) {
      const name = `${subsystem}:${event}`;
      table.#add(name, name, form, CALL_NONE);
    }
    return table;
  }

  /** The event whose usual name and end stand at `at`; further forms are for `find`. */
  at(view: DataView, at: number): KernelEvent | undefined {
    for (const event of this.#byWord[slotOf(view.getInt32(at + this.#keyAt))]!) {
      if (event.text.standsAt(view, at)) return event;
    }
    return undefined;
  }

  find(hash: number): KernelEvent | undefined {
    let slot = hash & (SLOTS - 1);
    for (;;) {
      const event = this.#events[slot];
      if (event === undefined || this.#hashes[slot] === hash) return event;
      slot = (slot + 1) & (SLOTS - 1);
    }
  }

  #add(key: string, name: string, form: number, call: number, end = ':'): void {
    let hash = HASH_SEED;
    for (const byte of Buffer.from(key, 'latin1')) hash = nextHash(hash, byte);
    let slot = hash & (SLOTS - 1);
    while (this.#events[slot]) slot = (slot + 1) & (SLOTS - 1);
    const printed = key.replace('>', '');
    const text = new TextWords(printed + end);
    const event = { name, form, call, text, nameBytes: printed.length, count: 0 };
    const bytes = Buffer.from(printed + end, 'latin1');
    if (bytes.length >= this.#keyAt + 4) {
      const wordSlot = slotOf(bytes.readInt32BE(this.#keyAt));
      this.#byWord[wordSlot] = [...this.#byWord[wordSlot]!, event];
    }
    this.#hashes[slot] = hash;
    this.#events[slot] = event;
    this.all.push(event);
  }
}

function slotOf(word: number): number {
  return Math.imul(word, 0x9e3779b1) >>> 24;
}
