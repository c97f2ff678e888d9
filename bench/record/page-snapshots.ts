import { takePageSnapshot } from './page-snapshot.ts';
import type { SnapshotFacts } from './recording-facts.ts';

/** The two looks at a recorded process's page tables, and what they cost. */
export class PageSnapshots {
  start: SnapshotFacts = { missing: 'the program ended before its pages could be read' };
  end: SnapshotFacts = { missing: 'the program ended before its pages could be read' };
  startLines: readonly string[] | undefined;
  endLines: readonly string[] | undefined;
  readonly #now: () => bigint;

  /** @param now the recording's clock, in ns */
  constructor(now: () => bigint) {
    this.#now = now;
  }

  takeStart(pid: number): void {
    [this.start, this.startLines] = this.#take(pid);
  }

  takeEnd(pid: number): void {
    [this.end, this.endLines] = this.#take(pid);
  }

  #take(pid: number): [SnapshotFacts, readonly string[] | undefined] {
    const began = this.#now();
    try {
      const { lines, ...counts } = takePageSnapshot(pid, began);
      const head = `# poll pid=${pid} interval_ms=0 fields: t event va len oldpfn newpfn kflags`;
      return [{ ...counts, tookNs: Number(this.#now() - began) }, [head, ...lines]];
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
      return [{ missing: `the pages of process ${pid} cannot be read: ${reason}` }, undefined];
    }
  }
}
