import { CaseFailure } from './case-failure.ts';
import { type DecodedWord, decodeCpuWord, decodeEntry, describeWord } from './device-entry.ts';
import type { ReferenceModel } from './reference-model.ts';
import type { StrategyHost } from './strategy-host.ts';

/** Compares what the CPU and the device see of a page with what the model allows; throws CaseFailure. */
export class TranslationCheck {
  readonly #host: StrategyHost;
  readonly #model: ReferenceModel;
  readonly #scope: readonly number[] | null;

  constructor(host: StrategyHost, model: ReferenceModel, scope: readonly number[] | null) {
    this.#host = host;
    this.#model = model;
    this.#scope = scope;
  }

  /** Compares the CPU's word with the model and takes the number of a new frame from it. */
  learn(index: number): void {
    const page = this.#model.page(index);
    const word = decodeCpuWord(this.#host.cpuWord(index));
    const huge = this.#model.isHuge(index);
    if (!page.present) {
      if (word !== null)
        fail(`the CPU maps page ${index} to ${describeWord(word)}; the model does not`);
      return;
    }
    if (word === null) fail(`the CPU does not map page ${index}; the model does`);
    if (word.write !== page.write) {
      fail(`the CPU maps page ${index} ${word.write ? 'RW' : 'RO'}; the model differs`);
    }
    if (huge !== word.order > 0) {
      fail(
        `the CPU's word of page ${index} says order ${word.order}; the model: ${huge ? 'huge' : '4 KiB'}`,
      );
    }
    if (page.frame === null) {
      if (word.number <= page.lastFrame) {
        fail(`page ${index} got frame ${word.number} again (it has had ${page.lastFrame})`);
      }
      page.frame = word.number;
      page.lastFrame = word.number;
    } else if (page.frame !== word.number) {
      fail(`page ${index} changed from frame ${page.frame} to ${word.number} without an event`);
    }
  }

  /** May the device use what it has, without a fault? */
  mayUse(index: number, write: boolean): boolean {
    const page = this.#model.page(index);
    return page.present && (!write || page.write);
  }

  /** Is what the device could use for the page one of the translations the model allows? */
  use(index: number, seen: DecodedWord | null, where: string): void {
    // A dead device translates nothing, whatever its table says.
    if (seen === null || this.#host.deviceIsDead) return;
    const page = this.#model.page(index);
    if (seen.poison) fail(`${where} translates page ${index} through freed table memory (poison)`);
    const current = page.present && seen.number === page.frame;
    if (!current && !page.readable.includes(seen.number)) {
      const has = page.present ? `frame ${page.frame}` : 'nothing';
      fail(`${where} translates page ${index} to ${describeWord(seen)}; the CPU maps it to ${has}`);
    }
    if (seen.write && !(current && page.write)) {
      fail(`${where} lets the device write page ${index} (frame ${seen.number}); the CPU does not`);
    }
  }

  /** Cached leaves of the pages; of a huge one its ends and middle, for its pages change together. */
  cache(pages: ReadonlySet<number>): void {
    const samples = (page: number, order: number): number[] => {
      if (order === 0) return [page];
      if (this.#scope !== null) return [...this.#scope];
      return [page, page + 2 ** (order - 1), page + 2 ** order - 1];
    };
    const wanted = (page: number, order: number): boolean =>
      order === 0 ? pages.has(page) : samples(page, order).some((sample) => pages.has(sample));
    for (const { page, order, entry } of this.#host.cached(wanted)) {
      for (const sample of samples(page, order)) {
        const offset = sample - page;
        if (offset < 0 || offset >= 2 ** order) continue;
        const seen = decodeEntry(entry + (BigInt(offset) << 12n));
        this.use(sample, seen, "the device's cache");
      }
    }
  }

  /** The table must hold exactly the CPU's frame and rights. */
  mapped(index: number, seen: DecodedWord | null): void {
    const page = this.#model.page(index);
    if (seen === null || seen.number !== page.frame || seen.write !== page.write) {
      fail(
        `page ${index}: the table holds ${describeWord(seen)}; the update was given frame ` +
          `${page.frame} ${page.write ? 'RW' : 'RO'}`,
      );
    }
  }
}

function fail(message: string): never {
  throw new CaseFailure(message);
}
