import type { Cell } from '../suites/cell.ts';
import { estimateCellSeconds } from '../suites/plan.ts';

/**
 * Says what runs and how long it will still take: one line that is rewritten on a terminal, one line a
 * cell elsewhere. The estimate starts from the plan and is corrected by what the cells really took.
 */
export class Progress {
  readonly #out: NodeJS.WriteStream;
  readonly #total: number;
  #done = 0;
  #plannedLeft: number;
  #plannedDone = 0;
  #tookSeconds = 0;

  constructor(cells: readonly Cell[], out: NodeJS.WriteStream = process.stderr) {
    this.#out = out;
    this.#total = cells.length;
    this.#plannedLeft = cells.reduce((sum, cell) => sum + estimateCellSeconds(cell), 0);
  }

  begin(cell: Cell): void {
    if (!this.#out.isTTY) return;
    const width = (this.#out.columns ?? 80) - 1;
    const line = `[${this.#done + 1}/${this.#total}] ${cell.cellId} fork ${cell.fork}, ${this.#left()} left`;
    this.#out.write(`\r\x1b[2K${line.slice(0, width)}`);
  }

  end(cell: Cell, verdict: string, tookSeconds: number): void {
    this.#done++;
    const planned = estimateCellSeconds(cell);
    this.#plannedLeft -= planned;
    this.#plannedDone += planned;
    this.#tookSeconds += tookSeconds;
    if (this.#out.isTTY) {
      if (this.#done === this.#total) this.#out.write('\r\x1b[2K');
      return;
    }
    const count = `[${this.#done}/${this.#total}]`;
    this.#out.write(
      `${count} ${cell.cellId} fork ${cell.fork}: ${verdict} (${tookSeconds.toFixed(1)} s, ${this.#left()} left)\n`,
    );
  }

  #left(): string {
    const pace = this.#plannedDone > 0 ? this.#tookSeconds / this.#plannedDone : 1;
    const seconds = Math.max(0, Math.round(this.#plannedLeft * pace));
    return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
  }
}
