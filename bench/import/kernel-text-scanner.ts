import type { InputText } from './input-text.ts';
import {
  FORM_COLLAPSE,
  FORM_ENTER,
  FORM_EXEC,
  FORM_FAULT,
  FORM_FORK,
  FORM_IGNORED,
  FORM_MARK,
  FORM_MIGRATE,
  FORM_RANGE,
  FORM_RETURN,
  FORM_TASK_EXIT,
  type KernelEvent,
  type KernelEventTable,
} from './kernel-event.ts';
import {
  CALL_BRK,
  CALL_MADVISE,
  CALL_MMAP,
  CALL_MREMAP,
  CALL_MUNMAP,
  FAILED,
  KIND_COLLAPSE,
  KIND_ENTER,
  KIND_EXEC,
  KIND_FAULT,
  KIND_FORK,
  KIND_MARK,
  KIND_MIGRATE,
  KIND_RANGE,
  KIND_RETURN,
  KIND_TASK_EXIT,
  SHARING_UNKNOWN,
} from './raw-event.ts';
import { BLANK, COLON, CR, LF, Scanner, WORD_MAX, ZERO } from './scanner.ts';
import { TextWords } from './text-words.ts';

const HASH = 35;
const OPEN = 40;
const CLOSE = 41;
const COMMA = 44;
const DASH = 45;
const EQUALS = 61;
const TAB = 9;
const RANGE_TEXT = new TextWords(': mmu notifier unmap range: 0x');
const RANGE_GAP_USUAL = new TextWords(' -- 0x00');
const TWO_ZEROS = (ZERO << 8) | ZERO;
const FAULT_CODE_TEXT = new TextWords(' error_code=0x');
const RANGE_GAP = new TextWords(' -- ');
const LOST_TEXT = new TextWords('CPU:');
/** Errors come back as the top of the 64-bit space. */
const NEGATIVE = 2 ** 63;
const OTHER_NAMES_MAX = 200;
/** Both recorders print the task's name right-aligned in 16 columns. */
export const COMM_COLUMNS = 16;

/**
 * The part that tracefs text and perf script text share: after the head of the line (a subclass
 * reads it) both name an event and print the same arguments.
 */
export abstract class KernelTextScanner extends Scanner {
  readonly #table: KernelEventTable;
  #headerLines = 0;

  constructor(input: InputText, table: KernelEventTable) {
    super(input);
    this.#table = table;
  }

  /** Reads task, cpu and time; the cursor ends on the first byte of the event's name. */
  protected abstract scanHead(): boolean;

  /** Moves past the event's name; returns its hash. */
  protected abstract scanName(): number;

  protected override scanLine(): boolean {
    const start = this.at;
    const first = this.bytes[start];
    if (first === HASH || first === LF || first === CR || first === TAB) {
      this.#headerLines++;
      return false;
    }
    if (!this.scanHead()) return this.#oddLine(start);
    const nameStart = this.at;
    const known = this.#usualName() ?? this.#table.find(this.scanName());
    if (!known) return this.#otherEvent(nameStart);
    if (known.form !== FORM_IGNORED && !this.#arguments(known)) return this.malformed(start);
    known.count++;
    return known.form !== FORM_IGNORED;
  }

  override settleCounts(): void {
    for (const event of this.#table.all) {
      if (event.count > 0) this.lines.set(event.name, event.count);
    }
    if (this.#headerLines > 0) this.note('header and blank lines', this.#headerLines);
  }

  /** The event whose name stands at the cursor in its usual form; the cursor ends behind it. */
  #usualName(): KernelEvent | undefined {
    const event = this.#table.at(this.view, this.at);
    if (event) this.at += event.nameBytes;
    return event;
  }

  #arguments(known: KernelEvent): boolean {
    switch (known.form) {
      case FORM_RANGE:
        return this.#range();
      case FORM_FAULT:
        return this.#fault();
      case FORM_ENTER:
        return this.#enter(known.call);
      case FORM_RETURN:
        return this.#return(known.call);
      case FORM_FORK:
        return this.#fork();
      case FORM_EXEC:
        return this.#exec();
      case FORM_TASK_EXIT:
        this.event.kind = KIND_TASK_EXIT;
        return true;
      case FORM_COLLAPSE:
        return this.#collapse();
      case FORM_MIGRATE:
        return this.#migrate();
      case FORM_MARK:
        return this.#mark();
      default:
        return false;
    }
  }

  #range(): boolean {
    const event = this.event;
    if (!this.skipText(RANGE_TEXT)) return false;
    const place = this.at;
    const { view } = this;
    // "00" + 12 digits + " -- 0x00" + 12 digits: the usual line in one go.
    if (view.getUint8(place + 34) === LF && view.getUint16(place) === TWO_ZEROS) {
      event.a0 = this.hex12(place + 2);
      event.a1 = this.hex12(place + 22);
      const isUsual = RANGE_GAP_USUAL.standsAt(view, place + 14);
      if (isUsual && event.a0 >= 0 && event.a1 > event.a0) {
        this.at = place + 34;
        event.kind = KIND_RANGE;
        return true;
      }
    }
    this.at -= 2;
    event.a0 = this.hex();
    const at = this.at;
    if (!this.skipText(RANGE_GAP)) return false;
    event.a1 = this.hex();
    // Fixed width 0x + 14 to 16 digits: fewer digits are the sign of a line that was cut.
    if (this.at - at - 4 < 16 || event.a0 < 0) return false;
    event.kind = KIND_RANGE;
    return event.a0 < event.a1;
  }

  #fault(): boolean {
    const { event } = this;
    event.kind = KIND_FAULT;
    // ": address=0x" + 12 digits + " ip=0x" + 12 digits + " error_code=0x": the usual line in one go.
    const place = this.at;
    if (place + 58 < this.limit && this.bytes[place + 27] === EQUALS) {
      event.a0 = this.hex12(place + 12);
      this.at = place + 42;
      if (event.a0 >= 0 && this.hex12(place + 30) >= 0 && this.skipText(FAULT_CODE_TEXT)) {
        event.a1 = this.hex();
        if (event.a1 >= 0 && event.a1 <= WORD_MAX) return true;
      }
      this.at = place;
    }
    if (!this.skipPast(EQUALS)) return false;
    event.a0 = this.hex();
    if (!this.skipPast(EQUALS) || !this.skipPast(EQUALS)) return false;
    event.a1 = this.hex();
    return event.a0 >= 0 && event.a1 >= 0 && event.a1 <= WORD_MAX;
  }

  #enter(call: number): boolean {
    const event = this.event;
    const isClosed = this.bytes[this.at] === OPEN;
    if (!isClosed && this.bytes[this.at] !== COLON) return false;
    this.at++;
    event.kind = KIND_ENTER;
    event.call = call;
    event.a0 = this.#argument();
    event.a1 = call === CALL_BRK ? 0 : this.#argument();
    event.a2 = call === CALL_BRK || call === CALL_MUNMAP ? 0 : this.#argument();
    event.a3 = call === CALL_MMAP || call === CALL_MREMAP ? this.#argument() : 0;
    event.a4 = call === CALL_MREMAP ? this.#argument() : 0;
    if (event.a0 < 0 || event.a1 < 0 || event.a2 < 0 || event.a3 < 0 || event.a4 < 0) return false;
    // An int, which the kernel prints as a long.
    if (call === CALL_MADVISE && event.a2 > WORD_MAX) return false;
    return !isClosed || this.skipPast(CLOSE);
  }

  /** The next "name: value"; -1 when there is none. */
  #argument(): number {
    if (!this.skipPast(COLON)) return -1;
    this.skipBlanks();
    const value = this.hex();
    const bytes = this.bytes;
    let at = this.at;
    while (bytes[at] !== COMMA && bytes[at] !== CLOSE && bytes[at] !== LF) at++;
    this.at = at;
    return value;
  }

  #return(call: number): boolean {
    const event = this.event;
    const bytes = this.bytes;
    let at = this.at;
    while (bytes[at] === BLANK || bytes[at] === COLON || bytes[at] === DASH || bytes[at] === 62)
      at++;
    this.at = at;
    const value = this.hex();
    event.kind = KIND_RETURN;
    event.call = call;
    event.result = value >= NEGATIVE ? FAILED : value;
    return value >= 0;
  }

  #fork(): boolean {
    const bytes = this.bytes;
    let end = this.at;
    while (bytes[end] !== LF) end++;
    let at = end;
    while (at > this.at && bytes[at - 1]! <= BLANK) at--;
    while (at > this.at && bytes[at - 1]! >= ZERO && bytes[at - 1]! <= ZERO + 9) at--;
    if (bytes[at - 1] !== EQUALS || bytes[at - 2] !== 100) return false;
    this.at = at;
    this.event.a0 = this.taskId();
    this.event.a1 = SHARING_UNKNOWN;
    this.event.kind = KIND_FORK;
    return this.event.a0 > 0;
  }

  /** filename=... pid=N old_pid=N; the file's name may hold anything, so it is found from the end. */
  #exec(): boolean {
    const event = this.event;
    if (!this.skipPast(EQUALS)) return false;
    const bytes = this.bytes;
    const start = this.at;
    let end = start;
    while (bytes[end] !== LF) end++;
    let fields = 0;
    while (end > start && fields < 2) {
      end--;
      if (bytes[end] === BLANK) fields++;
    }
    if (fields < 2) return false;
    event.textStart = start;
    event.textEnd = end;
    event.kind = KIND_EXEC;
    return true;
  }

  #collapse(): boolean {
    const bytes = this.bytes;
    let at = this.at;
    while (bytes[at] !== LF) at++;
    const tail = Buffer.from(bytes.buffer, bytes.byteOffset + this.at, at - this.at);
    if (!tail.includes('status=')) return false;
    this.event.a0 = tail.includes('status=succeeded') ? 1 : 0;
    this.event.kind = KIND_COLLAPSE;
    return true;
  }

  #migrate(): boolean {
    if (!this.skipPast(EQUALS)) return false;
    this.event.a0 = this.hex();
    this.event.kind = KIND_MIGRATE;
    return this.event.a0 >= 0;
  }

  #mark(): boolean {
    if (this.bytes[this.at] !== COLON) return false;
    this.at++;
    this.skipBlanks();
    const event = this.event;
    event.textStart = this.at;
    let end = this.at;
    while (this.bytes[end] !== LF && this.bytes[end] !== CR) end++;
    event.textEnd = end;
    event.kind = KIND_MARK;
    return true;
  }

  /** A line without the usual head: lost events are named by the kernel, the rest is malformed. */
  #oddLine(start: number): boolean {
    this.at = start;
    if (this.skipText(LOST_TEXT)) {
      const lost = /\[LOST (\d+) EVENTS\]/.exec(this.textOfLine(start));
      if (lost) {
        this.note('lost events', Number(lost[1]));
        return false;
      }
    }
    return this.malformed(start);
  }

  #otherEvent(nameStart: number): boolean {
    const bytes = this.bytes;
    let end = nameStart;
    while (bytes[end]! > BLANK && bytes[end] !== OPEN && end - nameStart < 64) end++;
    const name = Buffer.from(bytes.subarray(nameStart, end)).toString('latin1').replace(/:$/, '');
    if (!/^[\w:.-]+$/.test(name)) return this.malformed(nameStart);
    if (this.notes.size < OTHER_NAMES_MAX) this.note(`other event ${name}`);
    else this.note('other events');
    return false;
  }
}
