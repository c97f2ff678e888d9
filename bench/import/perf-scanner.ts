import type { InputText } from './input-text.ts';
import { HASH_SEED, KernelEventTable, nextHash } from './kernel-event.ts';
import { COMM_COLUMNS, KernelTextScanner } from './kernel-text-scanner.ts';
import { BLANK, COLON, LF } from './scanner.ts';

const SLASH = 47;
const BRACKET = 91;
const BRACKET_CLOSE = 93;

/** perf script text: `comm pid/tid [cpu] seconds: subsystem:event: ...`. */
export class PerfScanner extends KernelTextScanner {
  readonly expected =
    'a perf script line "comm pid/tid [cpu] seconds.nanos: subsystem:event: ..." (perf script --ns -F comm,pid,tid,cpu,time,event,trace)';

  constructor(input: InputText) {
    super(input, KernelEventTable.perf());
  }

  protected override scanHead(): boolean {
    const start = this.at;
    const column = start + COMM_COLUMNS;
    if (this.bytes[column] !== BLANK || !this.#task(start, column)) {
      this.at = start;
      if (!this.#slowTask()) return false;
    }
    if (!this.time() || this.bytes[this.at] !== COLON) return false;
    this.at++;
    this.skipBlanks();
    return true;
  }

  protected override scanName(): number {
    const bytes = this.bytes;
    let at = this.at;
    let hash = HASH_SEED;
    let byte = bytes[at]!;
    while (byte > BLANK && (byte !== COLON || bytes[at + 1]! > BLANK)) {
      hash = nextHash(hash, byte);
      byte = bytes[++at]!;
    }
    this.at = at;
    return hash;
  }

  #task(start: number, gap: number): boolean {
    const bytes = this.bytes;
    for (let at = start; at < gap; at++) if (bytes[at] === LF) return false;
    this.at = gap;
    this.skipBlanks();
    const event = this.event;
    event.pid = this.taskId();
    event.tid = event.pid;
    if (bytes[this.at] === SLASH) {
      this.at++;
      event.tid = this.taskId();
    } else {
      event.pid = 0;
    }
    if (event.tid < 0) return false;
    this.skipBlanks();
    if (bytes[this.at] !== BRACKET) return false;
    this.at++;
    if (this.decimal() < 0 || bytes[this.at] !== BRACKET_CLOSE || bytes[this.at + 1] !== BLANK)
      return false;
    this.at++;
    this.skipBlanks();
    event.commStart = start;
    event.commEnd = gap;
    return true;
  }

  #slowTask(): boolean {
    this.skipBlanks();
    const first = this.at;
    const bytes = this.bytes;
    let found = -1;
    for (let at = first; at - first <= COMM_COLUMNS && bytes[at] !== LF; at++) {
      if (bytes[at] === BLANK && this.#task(first, at)) found = at;
    }
    return found >= 0 && this.#task(first, found);
  }
}
