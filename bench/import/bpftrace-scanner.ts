import { KIND_RANGE } from './raw-event.ts';
import { CR, LF, Scanner } from './scanner.ts';

const COMMA = 44;

/** bpftrace on kvm_unmap_hva_range: `ns,tgid,comm,start,end`, addresses in hex; comm may hold commas. */
export class BpftraceScanner extends Scanner {
  readonly expected =
    'a bpftrace line "ns,tgid,comm,start,end", for example "1174058688086,25152,thp,7fbbb0410000,7fbbb0411000"';
  #ranges = 0;

  protected override scanLine(): boolean {
    const start = this.at;
    const { bytes, event } = this;
    const first = bytes[start];
    if (first === LF || first === CR) {
      this.note('header and blank lines');
      return false;
    }
    if (!this.#time() || bytes[this.at] !== COMMA) return this.#oddLine(start);
    this.at++;
    event.tid = event.pid = this.taskId();
    if (event.tid < 0 || bytes[this.at] !== COMMA) return this.malformed(start);
    event.commStart = this.at + 1;
    let end = this.at;
    while (bytes[end] !== LF) end++;
    const endComma = this.#commaBefore(end);
    const startComma = this.#commaBefore(endComma);
    if (startComma < event.commStart) return this.malformed(start);
    event.commEnd = startComma;
    this.at = startComma + 1;
    event.a0 = this.hex();
    const isStartWhole = this.at === endComma;
    this.at = endComma + 1;
    event.a1 = this.hex();
    const isWhole = isStartWhole && bytes[this.at]! <= CR;
    if (!isWhole || event.a0 < 0 || event.a1 <= event.a0) return this.malformed(start);
    event.kind = KIND_RANGE;
    this.#ranges++;
    return true;
  }

  override settleCounts(): void {
    if (this.#ranges > 0) this.lines.set('ranges', this.#ranges);
  }

  /** Nanoseconds since boot, split so that no digit is lost. */
  #time(): boolean {
    const { bytes, event } = this;
    const start = this.at;
    let end = start;
    while (bytes[end]! >= 48 && bytes[end]! <= 57) end++;
    const digits = end - start;
    if (digits === 0 || digits > 19) return false;
    const text = Buffer.from(bytes.subarray(start, end)).toString('latin1');
    event.seconds = Number(text.slice(0, -9));
    event.nanos = Number(text.slice(-9));
    this.at = end;
    return true;
  }

  #commaBefore(position: number): number {
    let at = position - 1;
    while (at >= this.at && this.bytes[at] !== COMMA) at--;
    return at;
  }

  /** bpftrace itself says "Attaching 1 probe..." and counts lost events. */
  #oddLine(start: number): boolean {
    const text = this.textOfLine(start);
    const lost = /^Lost (\d+) events/.exec(text);
    if (lost) this.note('lost events', Number(lost[1]));
    else if (/^Attach(ing|ed) \d+ probe/.test(text)) this.note('header and blank lines');
    else return this.malformed(start);
    return false;
  }
}
