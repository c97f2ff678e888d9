import { BLOCK_PAGES } from '../../core/abi/layout.ts';
import * as terms from '../../core/abi/terms.ts';
import * as op from '../../core/abi/trace-event.ts';
import { CaseFailure } from './case-failure.ts';
import { type DecodedWord, decodeEntry, describeWord } from './device-entry.ts';
import { ReferenceModel } from './reference-model.ts';
import { type HostGeometry, StrategyHost, type StrategyUnderTest } from './strategy-host.ts';
import { TranslationCheck } from './translation-check.ts';

export interface MirrorOptions extends Partial<HostGeometry> {
  /** Check only these pages after each step (large geometries); absent: all pages a step changed. */
  readonly scope?: readonly number[];
}

const DEFAULTS: HostGeometry = {
  pageCount: 4 * BLOCK_PAGES,
  regions: [{ firstPage: 0, pageCount: 4 * BLOCK_PAGES }],
  arenaPages: 1024,
  contiguity: 0.5,
  cacheEntries: 1024,
  faultWindow: 16,
  seed: 1,
};

/** Device faults an access may need while memory fails or a reserve is refilled in between. */
const ACCESS_TRIES = 4;
const MAINTAIN_ROUNDS = 8;
/** The OOM reaper gives a range up after so many refusals (MAX_OOM_REAP_RETRIES). */
const REAP_RETRIES = 10;

/**
 * A strategy and the reference model driven by the same operations. After each one every page that
 * changed is compared: the CPU's word with the model, then what the device could use - the table and
 * its translation cache - with what the model allows. Throws CaseFailure at the first difference.
 */
export class CheckedMirror {
  readonly host: StrategyHost;
  readonly model = new ReferenceModel();
  readonly #scope: readonly number[] | null;
  readonly #check: TranslationCheck;
  readonly #scopeSet: ReadonlySet<number> | null;
  readonly #registered = new Set<number>();
  /** Memory or commands fail on purpose: accesses may end with ENOMEM or EIO. */
  failuresExpected = false;

  constructor(strategy: StrategyUnderTest, { scope, ...options }: MirrorOptions = {}) {
    this.host = new StrategyHost(strategy, { ...DEFAULTS, ...options });
    this.#scope = scope ?? null;
    this.#check = new TranslationCheck(this.host, this.model, this.#scope);
    this.#scopeSet = scope === undefined ? null : new Set(scope);
    this.host.watch.checksClaims = Object.keys(strategy.params).length === 0;
  }

  /** Attaches and registers every region; for cases about registration itself use the host. */
  open(): this {
    const attached = this.host.attach();
    if (attached !== terms.OK) this.fail(`init(0) returned ${attached}`);
    this.host.geometry.regions.forEach((_, index) => {
      this.register(index);
    });
    return this;
  }

  register(index: number): void {
    const result = this.host.register(index);
    if (result !== terms.OK) this.fail(`registration of region ${index} returned ${result}`);
    this.adopt(index);
  }

  /** The region was registered through the host. */
  adopt(index: number): void {
    this.#registered.add(index);
    this.checkContract();
  }

  unregister(index: number): void {
    this.host.unregister(index);
    this.#registered.delete(index);
    this.check();
  }

  // The OS.

  map(first: number, count: number, { write = true, huge = false } = {}): void {
    const bits = op.PROT_READ | (write ? op.PROT_WRITE : 0) | (huge ? op.VMA_HUGE : 0);
    this.model.map(first, count, write, huge);
    this.host.event(op.OP_MAP, first, count, bits);
    this.check();
  }

  unmapVma(first: number, count: number): void {
    this.model.unmapVma(first, count);
    this.host.event(op.OP_UNMAP_VMA, first, count);
    this.check();
  }

  protectVma(first: number, count: number, write: boolean): void {
    this.model.protectVma(first, count, write);
    this.host.event(op.OP_PROTECT_VMA, first, count, op.PROT_READ | (write ? op.PROT_WRITE : 0));
    this.check();
  }

  /** The CPU touches the pages. */
  touch(first: number, count = 1, write = false): void {
    for (let page = first; page < first + count; page++) {
      this.model.fault(page, write && !this.model.page(page).copyOnWrite);
    }
    this.host.event(op.OP_FAULT, first, count, write ? op.FAULT_WRITE : 0);
    this.check();
  }

  /** The CPU gets a 2 MiB mapping for the page's block, if it can have one. */
  touchHuge(page: number): void {
    this.model.faultHuge(page);
    this.host.event(op.OP_FAULT_HUGE, page, 1);
    this.check();
  }

  /** One notifier range; false when a non-blockable one was refused (EAGAIN) and changed nothing. */
  invalidate(first: number, count: number, event: number, blockable = true): boolean {
    const refusals = this.count(terms.COUNT_NOT_BLOCKABLE);
    this.host.event(op.OP_INVALIDATE, first, count, event | (blockable ? 0 : op.NON_BLOCKABLE));
    const refused = this.count(terms.COUNT_NOT_BLOCKABLE) - refusals >= REAP_RETRIES;
    if (refused) this.model.splitEdges(first, count);
    else this.model.invalidate(first, count, event);
    this.check();
    return !refused;
  }

  fork(first: number, count: number): void {
    this.model.fork(first, count);
    this.host.event(op.OP_FORK, first, count);
    this.check();
  }

  split(page: number): void {
    this.model.split(page);
    this.host.event(op.OP_SPLIT, page, 1);
    this.check();
  }

  collapse(page: number): void {
    this.model.collapse(page);
    this.host.event(op.OP_COLLAPSE, page, 1);
    this.check();
  }

  /** The address space ends. */
  exit(): void {
    this.model.invalidate(0, this.host.geometry.pageCount, op.EVENT_RELEASE);
    this.host.event(op.OP_EXIT, 0, this.host.geometry.pageCount);
    this.check();
  }

  maintain(rounds = 1): void {
    for (let i = 0; i < rounds; i++) this.host.maintain();
    this.check();
  }

  // The device.

  read(page: number): number {
    return this.access(page, false);
  }

  write(page: number): number {
    return this.access(page, true);
  }

  /** One device access; its answer must be what the model says. Retries as a device does. */
  access(page: number, write: boolean): number {
    const strategyTranslates = this.host.entry.guarantees.translates;
    for (let tries = 1; ; tries++) {
      const faults = this.faults;
      const result = this.host.access(page, write);
      const covered = this.#regionOf(page) !== null;
      const faulted = this.faults !== faults;
      const allowed = faulted
        ? this.model.deviceFault(page, write)
        : this.#check.mayUse(page, write);
      this.check(page);
      if (!covered || !allowed) {
        if (result === terms.OK)
          this.fail(`${accessText(page, write)} succeeded; the model forbids it`);
        return result;
      }
      if (result === terms.OK) {
        if (strategyTranslates) this.#checkWindow(page, write, faulted);
        return result;
      }
      const retryable = [terms.ENOMEM, terms.EAGAIN, terms.ETIMEDOUT].includes(result);
      if (this.host.deviceIsDead && result !== terms.OK) return result;
      if (!retryable)
        this.fail(`${accessText(page, write)} returned ${result}; the model allows it`);
      if (tries === ACCESS_TRIES) {
        if (this.failuresExpected) return result;
        this.fail(
          `${accessText(page, write)} returned ${result} ${tries} times, maintain in between`,
        );
      }
      this.maintain(MAINTAIN_ROUNDS);
    }
  }

  /** What the table holds for the page now. */
  view(page: number): DecodedWord | null {
    const region = this.#regionOf(page);
    if (region === null) return null;
    const relative = page - this.host.geometry.regions[region]!.firstPage;
    return decodeEntry(this.host.translation(this.host.regionAddress(region), relative));
  }

  get faults(): number {
    return this.host.state.count(terms.COUNT_FAULTS);
  }

  count(counter: number): number {
    return this.host.state.count(counter);
  }

  // Checks.

  fail(message: string): never {
    throw new CaseFailure(message);
  }

  expect(holds: boolean, message: string): void {
    if (!holds) this.fail(message);
  }

  expectEqual(what: string, actual: number, expected: number): void {
    if (actual !== expected) this.fail(`${what} is ${actual}, expected ${expected}`);
  }

  /** The device's next access to each page must not find it. */
  expectAbsent(first: number, count: number): void {
    for (let page = first; page < first + count; page++) {
      const seen = this.view(page);
      if (seen !== null) this.fail(`page ${page} still translates to ${describeWord(seen)}`);
    }
  }

  /** The table must translate each page, with exactly the CPU's frame and rights. */
  expectMapped(first: number, count: number): void {
    if (!this.host.entry.guarantees.translates) return;
    for (let page = first; page < first + count; page++) this.#check.mapped(page, this.view(page));
  }

  /** Everything a step may have broken; `accessed`: the page the device has just asked for. */
  check(accessed?: number): void {
    const changed = this.model.takeChanged();
    for (const page of this.#scope ?? changed) {
      this.#check.learn(page);
      this.#check.use(page, this.view(page), 'the table');
    }
    if (accessed !== undefined) {
      changed.add(accessed);
      changed.add(Math.floor(accessed / BLOCK_PAGES) * BLOCK_PAGES);
    }
    this.#check.cache(this.#scopeSet ?? changed);
    this.checkContract();
  }

  /** Every page of every region; slow on large geometries. */
  checkAll(): void {
    for (const { firstPage, pageCount } of this.host.geometry.regions) {
      this.checkRange(firstPage, pageCount);
    }
  }

  checkRange(first: number, count: number): void {
    for (let page = first; page < first + count; page++) {
      this.#check.use(page, this.view(page), 'the table');
    }
  }

  checkContract(): void {
    const [breach] = this.host.watch.breaches;
    if (breach !== undefined) this.fail(`${breach.rule}: ${breach.message}`);
    const counted: [number, string][] = [
      [terms.COUNT_VIOLATIONS, 'oracle violations'],
      [terms.COUNT_NOTIFIER_FAILED, 'invalidations reported failure'],
      [terms.COUNT_BAD_FREES, 'frees of memory that was not held'],
    ];
    for (const [counter, what] of counted) {
      const found = this.count(counter);
      if (found > 0) this.fail(`${found} ${what}`);
    }
  }

  /** Unregisters and detaches: all memory must be back. */
  close(): void {
    for (const index of [...this.#registered]) this.unregister(index);
    this.host.detach();
    this.checkContract();
    this.checkNothingHeld();
  }

  checkNothingHeld(): void {
    const { host } = this;
    for (const [kind, name] of ['table', 'staging', 'reserve'].entries()) {
      const pages = host.pagesOfKind(kind);
      if (pages !== 0) this.fail(`${pages} ${name} pages leaked after everything was unregistered`);
    }
    const faults = host.allocatorFaults();
    if (faults !== 0) this.fail(`${faults} contradictions in the page allocator`);
    if (host.activeWindows !== 0) this.fail(`${host.activeWindows} notifier windows left open`);
  }

  #regionOf(page: number): number | null {
    // As the device's key: the region registered last over a block is the one it finds.
    let found: number | null = null;
    for (const index of this.#registered) {
      const { firstPage, pageCount } = this.host.geometry.regions[index]!;
      if (page >= firstPage && page < firstPage + pageCount) found = index;
    }
    return found;
  }

  /** After an access: the page is usable, and after a fault so is every present page it brought in. */
  #checkWindow(index: number, write: boolean, faulted: boolean): void {
    if (!faulted) return;
    const seen = this.view(index);
    if (seen === null || (write && !seen.write)) {
      this.fail(`${accessText(index, write)} succeeded but the table holds ${describeWord(seen)}`);
    }
    const window = this.model.isHuge(index) ? BLOCK_PAGES : this.host.geometry.faultWindow;
    const region = this.host.geometry.regions[this.#regionOf(index)!]!;
    const start = Math.floor(index / window) * window;
    const end = Math.min(start + window, region.firstPage + region.pageCount);
    for (let page = Math.max(start, region.firstPage); page < end; page++) {
      if (this.#scope !== null && !this.#scope.includes(page)) continue;
      if (this.model.page(page).present) this.#check.mapped(page, this.view(page));
    }
  }
}

function accessText(page: number, write: boolean): string {
  return `a device ${write ? 'write to' : 'read of'} page ${page}`;
}
