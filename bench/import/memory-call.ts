import {
  REASON_BRK,
  REASON_COLLAPSE,
  REASON_MADVISE,
  REASON_MPROTECT,
  REASON_MREMAP,
  REASON_MUNMAP,
  REASON_SPLIT,
} from '../../core/abi/trace-event.ts';
import {
  HUGE_BYTES,
  MADV_COLLAPSE,
  MADV_DOFORK,
  MADV_DONTFORK,
  MADV_DONTNEED,
  MADV_FREE,
  MADV_HUGEPAGE,
  MADV_NOHUGEPAGE,
  MADV_REMOVE,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_PROT,
  PAGE_BYTES,
  RECORD_ADVISE,
  RECORD_DERIVED_RANGE,
  RECORD_MAP,
  RECORD_MOVE,
  RECORD_PROTECT,
  RECORD_UNMAP,
  USER_END,
} from '../trace/record.ts';
import type { ImportContext } from './import-context.ts';
import {
  CALL_BRK,
  CALL_MADVISE,
  CALL_MMAP,
  CALL_MPROTECT,
  CALL_MREMAP,
  CALL_MUNMAP,
  CALL_NONE,
  FAILED,
} from './raw-event.ts';
import { type Task, VMA_DONTFORK, VMA_EVER_WRITABLE, VMA_HUGEPAGE } from './space.ts';

// include/uapi/asm-generic/mman-common.h, linux/mman.h
const FLAG_PRIVATE = 0x2;
const FLAG_FIXED = 0x10;
const FLAG_ANONYMOUS = 0x20;
const FLAG_STACK = 0x20000;
const PROT_WRITE_BIT = 2;
const REMAP_FIXED = 2;
const REMAP_DONTUNMAP = 4;
const HUGE_MASK = HUGE_BYTES - 1;

const roundDown = (address: number): number => address - (address & (PAGE_BYTES - 1));
const roundUp = (address: number): number => Math.ceil(address / PAGE_BYTES) * PAGE_BYTES;

/**
 * Applies the memory calls of tasks to their spaces. What a call takes away goes when it begins (the
 * kernel detaches the VMA first, then announces the range), what it brings comes when it returns.
 */
export class MemoryCalls {
  readonly #context: ImportContext;

  constructor(context: ImportContext) {
    this.#context = context;
  }

  /** The call begins; its arguments are in task.a0... */
  enter(task: Task): void {
    switch (task.call) {
      case CALL_MMAP:
        if (task.a3 & FLAG_FIXED) this.#takeAway(task, task.a0, task.a1, REASON_MUNMAP, false);
        break;
      case CALL_MUNMAP:
        this.#takeAway(task, task.a0, task.a1, REASON_MUNMAP, true);
        break;
      case CALL_MPROTECT:
        this.#protect(task);
        break;
      case CALL_MADVISE:
        this.#advise(task);
        break;
      case CALL_MREMAP:
        this.#enterRemap(task);
        break;
      case CALL_BRK:
        if (task.a0 !== 0 && task.a0 < task.space.brk) {
          const start = roundUp(task.a0);
          this.#takeAway(task, start, roundUp(task.space.brk) - start, REASON_BRK, false);
        }
        break;
    }
  }

  /** The call returned `result`, FAILED or an address. */
  leave(task: Task, result: number): void {
    const call = task.call;
    task.call = CALL_NONE;
    if (result === FAILED) {
      this.#context.note('failed calls');
      return;
    }
    if (call === CALL_MMAP) this.#mapped(task, result);
    else if (call === CALL_MREMAP) this.#remapped(task, result);
    else if (call === CALL_BRK) this.#broke(task, result);
    task.windowReason = 0;
  }

  #takeAway(task: Task, at: number, len: number, reason: number, isMunmap: boolean): void {
    const start = roundDown(at);
    const end = roundUp(at + len);
    if (!this.#isUserRange(start, end)) return;
    const space = task.space;
    this.#open(task, start, end, reason);
    const hadVma = space.vmas.overlaps(start, end);
    if (!isMunmap && !hadVma) return;
    this.#derive(task, start, end, reason);
    space.vmas.unmap(start, end);
    this.#context.push(task.tid, space.number, RECORD_UNMAP, start, end, 0, reason);
  }

  #mapped(task: Task, result: number): void {
    const context = this.#context;
    const space = task.space;
    const start = roundDown(result);
    const end = roundUp(start + task.a1);
    context.checkUserEnd(end);
    context.sampleAlignment(start);
    context.maps++;
    if (end <= start) return;
    if (!(task.a3 & FLAG_FIXED) && space.vmas.overlaps(start, end)) {
      context.overlappingMap(start, end);
      space.vmas.unmap(start, end);
      context.push(task.tid, space.number, RECORD_UNMAP, start, end, 0, 0);
    }
    let bits = task.a2 & MAP_PROT;
    if (task.a3 & FLAG_PRIVATE) bits |= MAP_PRIVATE;
    if (task.a3 & FLAG_ANONYMOUS) bits |= MAP_ANONYMOUS;
    this.#map(task, start, end, bits, 0);
    task.hasNewStack = (task.a3 & FLAG_STACK) !== 0;
  }

  #map(task: Task, start: number, end: number, bits: number, reason: number): void {
    const everWritable = bits & PROT_WRITE_BIT ? VMA_EVER_WRITABLE : 0;
    task.space.vmas.map(start, end, bits | everWritable);
    task.space.maps++;
    this.#context.push(task.tid, task.space.number, RECORD_MAP, start, end, bits & 31, reason);
  }

  #protect(task: Task): void {
    const start = roundDown(task.a0);
    const end = roundUp(task.a0 + task.a1);
    if (!this.#isUserRange(start, end)) return;
    const prot = task.a2 & MAP_PROT;
    const everWritable = prot & PROT_WRITE_BIT ? VMA_EVER_WRITABLE : 0;
    this.#open(task, start, end, REASON_MPROTECT);
    this.#derive(task, start, end, REASON_MPROTECT);
    task.space.vmas.change(start, end, (bits) => (bits & ~MAP_PROT) | prot | everWritable);
    const space = task.space.number;
    this.#context.push(task.tid, space, RECORD_PROTECT, start, end, prot, REASON_MPROTECT);
  }

  #advise(task: Task): void {
    const start = roundDown(task.a0);
    const end = roundUp(task.a0 + task.a1);
    if (!this.#isUserRange(start, end)) return;
    const behaviour = task.a2;
    const space = task.space;
    const hugeBit = behaviour === MADV_HUGEPAGE ? VMA_HUGEPAGE : 0;
    switch (behaviour) {
      case MADV_DONTNEED:
      case MADV_FREE:
      case MADV_REMOVE:
        this.#open(task, start, end, REASON_MADVISE);
        this.#derive(task, start, end, REASON_MADVISE);
        break;
      case MADV_COLLAPSE:
        this.#open(task, start, end, REASON_COLLAPSE);
        this.#deriveCollapse(task, start, end);
        break;
      case MADV_DONTFORK:
        space.vmas.change(start, end, (bits) => bits | VMA_DONTFORK);
        break;
      case MADV_DOFORK:
        space.vmas.change(start, end, (bits) => bits & ~VMA_DONTFORK);
        break;
      case MADV_HUGEPAGE:
      case MADV_NOHUGEPAGE:
        space.vmas.change(start, end, (bits) => (bits & ~VMA_HUGEPAGE) | hugeBit);
        break;
    }
    const arg = behaviour;
    this.#context.push(task.tid, space.number, RECORD_ADVISE, start, end, arg, REASON_MADVISE);
  }

  #enterRemap(task: Task): void {
    const start = roundDown(task.a0);
    const end = roundUp(task.a0 + task.a1);
    if (!this.#isUserRange(start, end)) return;
    if (task.a3 & REMAP_FIXED) {
      this.#takeAway(task, task.a4, task.a2, REASON_MREMAP, false);
    }
    this.#open(task, start, end, REASON_MREMAP);
    this.#derive(task, start, end, REASON_MREMAP);
  }

  #remapped(task: Task, result: number): void {
    const context = this.#context;
    const space = task.space;
    const source = roundDown(task.a0);
    const sourceEnd = roundUp(task.a0 + task.a1);
    const start = roundDown(result);
    const end = roundUp(start + task.a2);
    context.checkUserEnd(end);
    const bits = space.vmas.bitsAt(source);
    const known = bits < 0 ? PROT_WRITE_BIT | 1 | MAP_PRIVATE | MAP_ANONYMOUS : bits;
    if (start === source) {
      if (end > sourceEnd) this.#map(task, sourceEnd, end, known & 31, REASON_MREMAP);
      if (end < sourceEnd) this.#drop(task, end, sourceEnd);
      return;
    }
    const target = start / PAGE_BYTES;
    const number = space.number;
    context.push(task.tid, number, RECORD_MOVE, source, sourceEnd, target, REASON_MREMAP);
    if (!(task.a3 & REMAP_DONTUNMAP)) this.#drop(task, source, sourceEnd);
    this.#map(task, start, end, known & 31, REASON_MREMAP);
    space.vmas.change(start, end, () => known);
  }

  #drop(task: Task, start: number, end: number): void {
    task.space.vmas.unmap(start, end);
    const space = task.space.number;
    this.#context.push(task.tid, space, RECORD_UNMAP, start, end, 0, REASON_MREMAP);
  }

  #broke(task: Task, result: number): void {
    const space = task.space;
    const old = roundUp(space.brk);
    this.#context.checkUserEnd(result);
    if (space.brk !== 0 && roundUp(result) > old) {
      const bits = 1 | PROT_WRITE_BIT | MAP_PRIVATE | MAP_ANONYMOUS;
      this.#map(task, old, roundUp(result), bits, REASON_BRK);
    }
    space.brk = result;
  }

  #open(task: Task, start: number, end: number, reason: number): void {
    task.closeWindow();
    task.windowReason = reason;
    task.windowStart = start;
    task.windowEnd = end;
  }

  #isUserRange(start: number, end: number): boolean {
    if (end > start && end <= USER_END) return true;
    this.#context.note('calls over an empty or impossible range');
    return false;
  }

  /** What the kernel would announce, for recordings without its ranges. */
  #derive(task: Task, start: number, end: number, reason: number): void {
    const space = task.space;
    const context = this.#context;
    context.push(task.tid, space.number, RECORD_DERIVED_RANGE, start, end, 0, reason);
    space.derivedRanges++;
    this.#deriveSplit(task, start);
    if (
      (end & HUGE_MASK) !== 0 &&
      Math.floor(end / HUGE_BYTES) !== Math.floor(start / HUGE_BYTES)
    ) {
      this.#deriveSplit(task, end);
    }
  }

  /** A partial operation in a whole block of a MADV_HUGEPAGE area splits its huge page. */
  #deriveSplit(task: Task, edge: number): void {
    if ((edge & HUGE_MASK) === 0) return;
    const space = task.space;
    const block = edge - (edge & HUGE_MASK);
    if (space.splitBlocks.has(block) || !space.vmas.covers(block, block + HUGE_BYTES)) return;
    if (!(space.vmas.bitsAt(block) & VMA_HUGEPAGE)) return;
    space.splitBlocks.add(block);
    const end = block + HUGE_BYTES;
    const number = space.number;
    this.#context.push(task.tid, number, RECORD_DERIVED_RANGE, block, end, 0, REASON_SPLIT);
    space.derivedRanges++;
  }

  #deriveCollapse(task: Task, start: number, end: number): void {
    const space = task.space;
    for (let block = roundUpHuge(start); block + HUGE_BYTES <= end; block += HUGE_BYTES) {
      const blockEnd = block + HUGE_BYTES;
      const number = space.number;
      space.splitBlocks.delete(block);
      this.#context.push(
        task.tid,
        number,
        RECORD_DERIVED_RANGE,
        block,
        blockEnd,
        0,
        REASON_COLLAPSE,
      );
      space.derivedRanges++;
    }
  }
}

function roundUpHuge(address: number): number {
  return Math.ceil(address / HUGE_BYTES) * HUGE_BYTES;
}
