import { PageTraceWriter } from '../workloads/page-trace.ts';

const FIELDS = 6;

/** Events in the order in which they are found; `finish` puts them in order of time. */
export class EventList {
  #times = new Float64Array(4096);
  #fields = new Uint32Array(4096 * FIELDS);
  #count = 0;
  #isSorted = true;

  push(
    timeNs: number,
    op: number,
    firstPage: number,
    pageCount: number,
    arg: number,
    reason: number,
    source: number,
  ): void {
    if (this.#count === this.#times.length) this.#grow();
    const i = this.#count++;
    if (i > 0 && timeNs < this.#times[i - 1]!) this.#isSorted = false;
    this.#times[i] = timeNs;
    const fields = this.#fields;
    const at = i * FIELDS;
    fields[at] = op;
    fields[at + 1] = firstPage;
    fields[at + 2] = pageCount;
    fields[at + 3] = arg;
    fields[at + 4] = reason;
    fields[at + 5] = source;
  }

  /** The events by time; those of one time stay in the order of push. */
  finish(): ReturnType<PageTraceWriter['finish']> {
    const times = this.#times;
    const order = new Uint32Array(this.#count).map((_, i) => i);
    if (!this.#isSorted) order.sort((a, b) => times[a]! - times[b]! || a - b);
    const writer = new PageTraceWriter();
    const f = this.#fields;
    for (const i of order) {
      const at = i * FIELDS;
      const [op, first, count] = [f[at]!, f[at + 1]!, f[at + 2]!];
      writer.push(times[i]!, op, first, count, f[at + 3]!, f[at + 4]!, f[at + 5]!);
    }
    return writer.finish();
  }

  #grow(): void {
    const times = new Float64Array(this.#times.length * 2);
    times.set(this.#times);
    this.#times = times;
    const fields = new Uint32Array(this.#fields.length * 2);
    fields.set(this.#fields);
    this.#fields = fields;
  }
}
