import {
  CALL_BRK,
  CALL_MADVISE,
  CALL_MMAP,
  CALL_MPROTECT,
  CALL_MREMAP,
  CALL_MUNMAP,
  FAILED,
  KIND_CALL,
  KIND_ENTER,
  KIND_EXEC,
  KIND_FORK,
  KIND_RETURN,
  KIND_TASK_EXIT,
  SHARING_COPY,
  SHARING_SPACE,
} from './raw-event.ts';
import { BLANK, CR, LF, Scanner, TASK_ID_MAX, WORD_MAX } from './scanner.ts';
import { straceNumber } from './strace-number.ts';
import { TextWords } from './text-words.ts';

const CALLS: ReadonlyMap<string, { readonly call: number; readonly arguments: number }> = new Map([
  ['mmap', { call: CALL_MMAP, arguments: 4 }],
  ['munmap', { call: CALL_MUNMAP, arguments: 2 }],
  ['mprotect', { call: CALL_MPROTECT, arguments: 3 }],
  ['pkey_mprotect', { call: CALL_MPROTECT, arguments: 3 }],
  ['madvise', { call: CALL_MADVISE, arguments: 3 }],
  ['mremap', { call: CALL_MREMAP, arguments: 4 }],
  ['brk', { call: CALL_BRK, arguments: 1 }],
]);
const CLONES: ReadonlySet<string> = new Set(['clone', 'clone3', 'fork', 'vfork']);
const BRACKET = 91;
const UNFINISHED = ' <unfinished ...>';
const EXPECTED =
  'a strace line "pid seconds.micros call(...) = result" (strace -f -ttt -e trace=%memory,clone,clone3,fork,vfork,execve,exit_group)';

/** strace -f -ttt text; joins the halves of calls that another task interrupted. */
export class StraceScanner extends Scanner {
  readonly expected = EXPECTED;
  /** Calls without a result yet, by pid; for clones the sharing, for exec the program. */
  readonly #open = new Map<number, { readonly name: string; readonly text: string }>();
  /** Children that spoke before their parent's clone returned. */
  readonly #early = new Set<number>();
  readonly #known = new Set<number>();

  protected override scanLine(): boolean {
    const start = this.at;
    const first = this.bytes[start];
    if (first === LF || first === CR) return false;
    if (!this.#head()) return this.malformed(start);
    const event = this.event;
    if (!this.#known.has(event.tid)) {
      const parent = this.#waitingParent();
      this.#known.add(event.tid);
      if (parent !== undefined) return this.#earlyChild(parent);
    }
    const text = this.#rest();
    if (text.startsWith('+++ ')) return this.#ended();
    if (text.startsWith('--- ')) {
      this.countLine('(signals)');
      return false;
    }
    if (text.startsWith('<... ')) return this.#resumed(text, start);
    return this.#call(text, start);
  }

  override settleCounts(): void {
    const open = [...this.#open.values()].filter(({ name }) => !name.startsWith('exit')).length;
    if (open > 0) this.note('calls that never returned', open);
  }

  /** `pid seconds.micros `, `[pid N] seconds.micros ` or only the time. */
  #head(): boolean {
    const { event, bytes } = this;
    event.tid = 0;
    event.pid = 0;
    event.commStart = event.commEnd = this.at;
    if (bytes[this.at] === BRACKET) {
      if (!this.skipText(PID_PREFIX)) return false;
      this.skipBlanks();
      event.tid = this.taskId();
      if (!this.skipPast(93)) return false;
    } else {
      const start = this.at;
      event.tid = this.decimal();
      // Without -f there is no pid: the number was the time's seconds.
      if (bytes[this.at] === 46) {
        this.at = start;
        event.tid = 0;
      }
    }
    this.skipBlanks();
    if (event.tid < 0 || event.tid > TASK_ID_MAX || !this.time() || bytes[this.at] !== BLANK)
      return false;
    this.skipBlanks();
    return true;
  }

  #rest(): string {
    let end = this.at;
    while (this.bytes[end] !== LF) end++;
    const { buffer, byteOffset } = this.bytes;
    return Buffer.from(buffer, byteOffset + this.at, end - this.at)
      .toString('latin1')
      .trimEnd();
  }

  #waitingParent(): number | undefined {
    let found: number | undefined;
    for (const [pid, { name }] of this.#open) {
      if (!CLONES.has(name)) continue;
      if (found !== undefined) {
        this.note('children with several possible parents');
        break;
      }
      found = pid;
    }
    return found;
  }

  /** Makes the fork event first; the child's own line is read again after it. */
  #earlyChild(parent: number): boolean {
    const { event } = this;
    const child = event.tid;
    const open = this.#open.get(parent)!;
    this.#early.add(child);
    this.repeatsLine = true;
    event.tid = parent;
    event.a0 = child;
    event.a1 = sharingOf(open.name, open.text);
    event.kind = KIND_FORK;
    return true;
  }

  #ended(): boolean {
    this.countLine('(exit lines)');
    const { tid } = this.event;
    this.#known.delete(tid);
    this.#open.delete(tid);
    this.event.kind = KIND_TASK_EXIT;
    return true;
  }

  #call(text: string, start: number): boolean {
    const open = text.indexOf('(');
    const name = text.slice(0, Math.max(open, 0));
    if (!/^\w+$/.test(name)) return this.malformed(start);
    const isUnfinished = text.endsWith(UNFINISHED);
    const equals = text.lastIndexOf(') ');
    const result = isUnfinished ? '' : resultOf(text, equals);
    if (result === undefined) return this.malformed(start);
    const inner = isUnfinished
      ? text.slice(open + 1, -UNFINISHED.length)
      : text.slice(open + 1, equals);
    const known = CALLS.get(name);
    if (known && !this.#arguments(known.call, known.arguments, inner)) return this.malformed(start);
    this.countLine(name);
    if (isUnfinished) {
      this.#open.set(this.event.tid, { name, text: inner });
      this.event.kind = KIND_ENTER;
      return known !== undefined;
    }
    if (!known) return this.#finished(name, inner, result);
    this.event.kind = KIND_CALL;
    this.event.result = straceResult(result);
    return true;
  }

  #resumed(text: string, start: number): boolean {
    const match = /^<\.\.\. (\w+) resumed>/.exec(text);
    const result = resultOf(text, text.lastIndexOf(') '));
    if (!match || result === undefined) return this.malformed(start);
    this.countLine('(resumed halves)');
    const { tid } = this.event;
    const open = this.#open.get(tid);
    this.#open.delete(tid);
    if (!open || open.name !== match[1]) {
      this.note('halves of calls without the other half');
      return false;
    }
    const known = CALLS.get(open.name);
    if (!known) return this.#finished(open.name, open.text, result);
    this.event.kind = KIND_RETURN;
    this.event.call = known.call;
    this.event.result = straceResult(result);
    return true;
  }

  /** A call that makes a task or a program; others have no meaning for the table. */
  #finished(name: string, inner: string, result: string): boolean {
    const { event } = this;
    const value = straceResult(result);
    if (CLONES.has(name)) {
      if (value <= 0 || value > TASK_ID_MAX) return false;
      if (this.#early.delete(value)) return false;
      this.#known.add(value);
      event.kind = KIND_FORK;
      event.a0 = value;
      event.a1 = sharingOf(name, inner);
      return true;
    }
    if (!name.startsWith('execve') || value !== 0) return false;
    event.kind = KIND_EXEC;
    event.program = /"([^"]*)"/.exec(inner)?.[1] ?? '';
    return true;
  }

  #arguments(call: number, needed: number, inner: string): boolean {
    const values = inner.split(', ').map(straceNumber);
    for (let i = 0; i < needed; i++) if (!(values[i]! >= 0)) return false;
    const { event } = this;
    event.call = call;
    event.a0 = values[0]!;
    event.a1 = call === CALL_BRK ? 0 : values[1]!;
    event.a2 = values[2] ?? 0;
    event.a3 = values[3] ?? 0;
    event.a4 = values[4] ?? 0;
    return call !== CALL_MADVISE || event.a2 <= WORD_MAX;
  }
}

const PID_PREFIX = new TextWords('[pid');

/** What stands behind "= ", without the duration; undefined when the line has no result. */
function resultOf(text: string, close: number): string | undefined {
  return /^\)\s+= (\?|-?\w+)/.exec(text.slice(Math.max(close, 0)))?.[1];
}

/** The number, FAILED for -1 and for a call that did not return. */
function straceResult(result: string): number {
  if (result === '?' || result.startsWith('-')) return FAILED;
  const value = Number(result);
  return Number.isNaN(value) ? FAILED : value;
}

function sharingOf(name: string, inner: string): number {
  return name === 'vfork' || inner.includes('CLONE_VM') ? SHARING_SPACE : SHARING_COPY;
}
