/** One tracepoint of an instance, with the filter the kernel applies before it is stored. */
export interface RecordedEvent {
  readonly name: string;
  readonly filter?: string;
}

/** The tracepoint at the top of KVM's invalidate_range_start: the true notifier range. */
export const RANGE_EVENT = 'kvm/kvm_unmap_hva_range';

/**
 * What changes an address space, as system calls see it (the exits carry the address the kernel
 * chose and end the window of the call), and the life of the tasks.
 */
const LEAN_EVENTS: readonly RecordedEvent[] = [
  { name: 'syscalls/sys_enter_mmap' },
  { name: 'syscalls/sys_exit_mmap' },
  { name: 'syscalls/sys_enter_munmap' },
  { name: 'syscalls/sys_exit_munmap' },
  { name: 'syscalls/sys_enter_mprotect' },
  { name: 'syscalls/sys_enter_madvise' },
  { name: 'syscalls/sys_enter_mremap' },
  { name: 'syscalls/sys_exit_mremap' },
  { name: 'syscalls/sys_enter_brk' },
  { name: 'syscalls/sys_exit_brk' },
  { name: RANGE_EVENT },
  { name: 'sched/sched_process_fork' },
  { name: 'sched/sched_process_exec' },
  { name: 'sched/sched_process_exit' },
];

const FAULT_EVENTS: readonly RecordedEvent[] = [
  { name: 'exceptions/page_fault_user' },
  { name: 'exceptions/page_fault_kernel' },
];

/** Reasons 0 and 5 are context switches, also of other tasks; they are noise here. */
const FLUSH_EVENTS: readonly RecordedEvent[] = [
  { name: 'tlb/tlb_flush', filter: 'reason>=2 && reason<=4' },
];

/** The events of the target's own instance. */
export function targetEvents(faults: boolean, flush: boolean): readonly RecordedEvent[] {
  return [...LEAN_EVENTS, ...(faults ? FAULT_EVENTS : []), ...(flush ? FLUSH_EVENTS : [])];
}

/** The events of the kernel threads' instance: only what they do to somebody's address space. */
export const SIDE_EVENTS: readonly RecordedEvent[] = [{ name: RANGE_EVENT }];
