import * as layout from '../../core/abi/layout.ts';
import { LatencyHistogram } from '../../results/latency-histogram.ts';

/** One stale translation (or other violation) as the oracle kept it. */
export interface ViolationExample {
  readonly kind: number;
  readonly page: number;
  readonly thread: number;
  readonly birthEvent: number;
  readonly deathEvent: number;
  readonly entry: bigint;
  readonly word: bigint;
  readonly readDead: bigint;
  readonly writeDead: bigint;
}

export interface AllocationRow {
  readonly context: number;
  readonly order: number;
  readonly site: number;
  readonly attempts: number;
  readonly failures: number;
  readonly injected: number;
}

export interface SeriesRow {
  readonly timeNs: number;
  readonly tablePages: number;
  readonly stagingPages: number;
  readonly reservePages: number;
  readonly splits: number;
  readonly failures: number;
}

/** The host's view of a cell's shared memory: writes the plan words, reads what the threads counted. */
export class SharedState {
  readonly memory: WebAssembly.Memory;
  readonly words: Uint32Array;
  readonly view: DataView;
  readonly #longs: BigUint64Array;

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
    this.words = new Uint32Array(memory.buffer);
    this.view = new DataView(memory.buffer);
    this.#longs = new BigUint64Array(memory.buffer);
  }

  /** Writes one u32 (or i32) plan word. */
  set(address: number, value: number): void {
    this.words[address >>> 2] = value;
  }

  get(address: number): number {
    return this.words[address >>> 2]!;
  }

  /** A u64 below 2^53. */
  getLong(address: number): number {
    return Number(this.#longs[address >>> 3]!);
  }

  threadAddress(thread: number): number {
    return layout.THREAD_BASE + thread * layout.THREAD_BYTES;
  }

  /** Sum of a COUNT_* counter over all threads. */
  count(counter: number): number {
    let sum = 0;
    for (let thread = 0; thread < layout.THREAD_CAPACITY; thread++) {
      sum += this.getLong(this.threadAddress(thread) + layout.THREAD_COUNTERS + counter * 8);
    }
    return sum;
  }

  /** One of HISTOGRAM_*, merged over all threads. */
  histogram(which: number): LatencyHistogram {
    const parts: LatencyHistogram[] = [];
    for (let thread = 0; thread < layout.THREAD_CAPACITY; thread++) {
      const base =
        this.threadAddress(thread) + layout.THREAD_HISTOGRAMS + which * layout.HISTOGRAM_BYTES;
      if (this.getLong(base + 16) === 0) continue;
      const first = (base + layout.HISTOGRAM_HEAD_BYTES) >>> 3;
      const counts = this.#longs.subarray(first, first + layout.HISTOGRAM_SLOTS);
      parts.push(LatencyHistogram.fromCounts(counts, this.getLong(base), this.getLong(base + 8)));
    }
    return LatencyHistogram.merge(parts);
  }

  /** Rows with at least one attempt, summed over the threads. */
  allocations(): AllocationRow[] {
    const rows: AllocationRow[] = [];
    for (let context = 0; context < layout.CONTEXT_COUNT; context++) {
      for (let order = 0; order < layout.ORDER_COUNT; order++) {
        for (let site = 0; site < layout.SITE_CAPACITY; site++) {
          const row = this.#allocationRow(context, order, site);
          if (row.attempts > 0) rows.push(row);
        }
      }
    }
    return rows;
  }

  #allocationRow(context: number, order: number, site: number): AllocationRow {
    const index = (context * layout.ORDER_COUNT + order) * layout.SITE_CAPACITY + site;
    const sums = [0, 0, 0];
    for (let thread = 0; thread < layout.THREAD_CAPACITY; thread++) {
      const address =
        this.threadAddress(thread) +
        layout.THREAD_ALLOCATIONS +
        index * layout.ALLOCATION_ROW_BYTES;
      for (let i = 0; i < 3; i++) sums[i]! += this.get(address + i * 4);
    }
    return {
      context,
      order,
      site,
      attempts: sums[0]!,
      failures: sums[1]!,
      injected: sums[2]!,
    };
  }

  series(seriesBase: number): SeriesRow[] {
    const rows: SeriesRow[] = [];
    const count = this.get(layout.STATE_SERIES);
    for (let i = 0; i < count; i++) {
      const row = seriesBase + i * layout.SERIES_BYTES;
      rows.push({
        timeNs: this.getLong(row),
        tablePages: this.get(row + 8),
        stagingPages: this.get(row + 12),
        reservePages: this.get(row + 16),
        splits: this.get(row + 20),
        failures: this.get(row + 24),
      });
    }
    return rows;
  }

  examples(): ViolationExample[] {
    const examples: ViolationExample[] = [];
    for (let thread = 0; thread < layout.THREAD_CAPACITY; thread++) {
      for (let i = 0; i < layout.EXAMPLE_CAPACITY; i++) {
        const at = this.threadAddress(thread) + layout.THREAD_EXAMPLES + i * layout.EXAMPLE_BYTES;
        const kind = this.get(at + layout.EXAMPLE_KIND);
        if (kind === 0) break;
        examples.push({
          kind,
          page: this.get(at + layout.EXAMPLE_PAGE),
          thread: this.get(at + layout.EXAMPLE_THREAD),
          birthEvent: this.get(at + layout.EXAMPLE_BIRTH),
          deathEvent: this.get(at + layout.EXAMPLE_DEATH),
          entry: this.#longs[(at + layout.EXAMPLE_ENTRY) >>> 3]!,
          word: this.#longs[(at + layout.EXAMPLE_WORD) >>> 3]!,
          readDead: this.#longs[(at + layout.EXAMPLE_READ_DEAD) >>> 3]!,
          writeDead: this.#longs[(at + layout.EXAMPLE_WRITE_DEAD) >>> 3]!,
        });
      }
    }
    return examples;
  }

  /** Latency by slices of the window: notifier or fault rows, summed over the threads. */
  windows(offset: number): { count: number; maxNs: number; sumNs: number }[] {
    const rows = Array.from({ length: layout.WINDOW_COUNT }, () => ({
      count: 0,
      maxNs: 0,
      sumNs: 0,
    }));
    for (let thread = 0; thread < layout.THREAD_CAPACITY; thread++) {
      const base = this.threadAddress(thread) + offset;
      rows.forEach((row, i) => {
        const at = base + i * layout.WINDOW_ROW_BYTES;
        row.count += this.get(at);
        row.maxNs = Math.max(row.maxNs, this.get(at + 4));
        row.sumNs += this.getLong(at + 8);
      });
    }
    return rows;
  }

  /** Ends all loops: used when a thread died, so that the others do not wait for it. */
  stop(): void {
    Atomics.store(this.words, layout.STATE_STOP >>> 2, 1);
  }
}
