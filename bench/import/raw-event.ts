/** What a line of a recording says, whatever its format. */
export const KIND_RANGE = 1;
/** A call begins; a0.. = its arguments. */
export const KIND_ENTER = 2;
/** A call ended; result. */
export const KIND_RETURN = 3;
/** A call whose arguments and result stand on one line. */
export const KIND_CALL = 4;
/** a0 = address, a1 = x86 error code. */
export const KIND_FAULT = 5;
/** a0 = TID of the child, a1 = SHARING_*. */
export const KIND_FORK = 6;
/** program, or else text = path of the program. */
export const KIND_EXEC = 7;
export const KIND_TASK_EXIT = 8;
/** a0 = 1 when the collapse succeeded. */
export const KIND_COLLAPSE = 9;
/** a0 = address whose entry became a migration entry. */
export const KIND_MIGRATE = 10;
/** text = the mark. */
export const KIND_MARK = 11;
/** a0 = address, a1 = bytes, a2 = PTE_*. */
export const KIND_PTE = 12;

export const CALL_NONE = 0;
/** addr, len, prot, flags; result = address */
export const CALL_MMAP = 1;
/** addr, len */
export const CALL_MUNMAP = 2;
/** start, len, prot */
export const CALL_MPROTECT = 3;
/** start, len, behaviour */
export const CALL_MADVISE = 4;
/** addr, old len, new len, flags, new addr; result = address */
export const CALL_MREMAP = 5;
/** wanted end, 0 asks; result = end */
export const CALL_BRK = 6;

export const SHARING_UNKNOWN = 0;
/** The child is a thread or a vfork child: it runs in its parent's space. */
export const SHARING_SPACE = 1;
/** The child has a copy of the space. */
export const SHARING_COPY = 2;

/** result of a call that failed. */
export const FAILED = -1;

/** One event; a scanner fills the same object again for each line. */
export class RawEvent {
  kind = 0;
  call = CALL_NONE;
  /** Whole seconds of the recorder's clock, and the rest. */
  seconds = 0;
  nanos = 0;
  tid = 0;
  /** Process id when the format tells it, else 0. */
  pid = 0;
  a0 = 0;
  a1 = 0;
  a2 = 0;
  a3 = 0;
  a4 = 0;
  result = 0;
  /** The task name's bytes within the scanner's buffer, valid until the next line. */
  bytes: Uint8Array = new Uint8Array(0);
  commStart = 0;
  commEnd = 0;
  textStart = 0;
  textEnd = 0;
  /** The program of an exec whose line is no longer in memory. */
  program = '';

  comm(): string {
    return decode(this.bytes, this.commStart, this.commEnd).trim();
  }

  text(): string {
    return decode(this.bytes, this.textStart, this.textEnd);
  }
}

function decode(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
}
