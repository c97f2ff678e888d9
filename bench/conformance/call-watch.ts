import { CONTEXT_KERNEL, EAGAIN, EIO, ENOMEM, OK } from '../../core/abi/terms.ts';
import type { StrategyEntry } from '../../strategies/manifest.ts';
import type { Interposer } from '../cell/thread-modules.ts';

/** One rule of the strategy contract (core/abi/*.ts) that a call broke. */
export interface Breach {
  readonly rule: string;
  readonly message: string;
}

export type CallName = 'init' | 'update' | 'invalidate' | 'maintain' | 'fini';

/** What the watch reads from the host it stands in. */
export interface WatchedHost {
  /** Translations of pages first..first+count-1 of the region at this address, as entries. */
  translations(region: number, first: number, count: number): bigint[];
  stagingPages(): number;
  deviceIsDead(): boolean;
  /** Does the core hold the driver lock for this page of the region? */
  driverLockIsHeld(region: number, page: number): boolean;
}

/** One call of a strategy function and what it has done so far. */
interface Call {
  readonly id: number;
  readonly name: CallName;
  readonly region: number;
  readonly blockable: boolean;
  readonly locks: Set<number>;
  allocations: number;
  refused: number;
  fences: number;
  commandsSinceFence: number;
  deadFences: number;
  retryChecks: number;
}

interface HeldPage {
  site: number;
  /** Call that allocated it or took it from another account. */
  call: number;
}

type NumberFunction = (...values: number[]) => number;

const READ = 1n;

/**
 * Stands between a strategy and the modules around it and checks each call against the contract: which
 * codes it returns, what it allocates where, that it fences, frees, locks and unlocks as it must. Claims
 * of the manifest are contract too. It changes nothing but, on request, the answers to lockTry and
 * notifierReadRetry.
 */
export class CallWatch implements Interposer {
  readonly breaches: Breach[] = [];
  /** Calls and allocation attempts so far, by the function they happened in. */
  readonly calls: Record<CallName, number> = {
    init: 0,
    update: 0,
    invalidate: 0,
    maintain: 0,
    fini: 0,
  };
  readonly attempts: Record<CallName, number> = { ...this.calls };
  /** ENOMEM answers of update. */
  updatesOutOfMemory = 0;
  /** Claims of the manifest hold for the default parameters only. */
  checksClaims = true;
  /** Compare the range's translations around calls that fail; costs two walks a page. */
  comparesFailures = false;
  /** Answer lockTry with "held by somebody else". */
  contended = false;
  /** Answer notifierReadRetry with "an invalidation came between". */
  collides = false;
  /** Update answers seen while `collides` was set. */
  readonly collisions: number[] = [];

  readonly #entry: StrategyEntry;
  readonly #host: WatchedHost;
  readonly #held = new Map<number, HeldPage>();
  readonly #removed = new Set<number>();
  #call: Call | null = null;
  #nextCall = 1;

  constructor(entry: StrategyEntry, host: WatchedHost) {
    this.#entry = entry;
    this.#host = host;
  }

  /** From now on no callback of this region may run; `false`: it was registered again. */
  setRemoved(region: number, removed: boolean): void {
    if (removed) this.#removed.add(region);
    else this.#removed.delete(region);
  }

  services(core: Record<string, unknown>): Record<string, unknown> {
    const own = core as Record<string, NumberFunction>;
    return {
      ...core,
      ...this.#allocatorServices(own),
      ...this.#deviceServices(own),
      ...this.#lockServices(own),
    };
  }

  functions(strategy: Record<string, unknown>): Record<string, unknown> {
    const own = strategy as Record<string, NumberFunction>;
    return {
      ...strategy,
      init: (region: number) => this.#run('init', region, true, () => own.init!(region)),
      update: (region: number, first: number, count: number, words: number) =>
        this.#update(region >>> 0, first, count, () => own.update!(region, first, count, words)),
      invalidate: (
        region: number,
        first: number,
        count: number,
        event: number,
        blockable: number,
      ) =>
        this.#invalidate(region >>> 0, first, count, blockable !== 0, () =>
          own.invalidate!(region, first, count, event, blockable),
        ),
      maintain: (region: number) =>
        this.#run('maintain', region, true, () => own.maintain!(region)),
      fini: (region: number) => this.#run('fini', region, true, () => own.fini!(region)),
    };
  }

  #breach(rule: string, message: string): void {
    if (this.breaches.length < 20) this.breaches.push({ rule, message });
  }

  #run(name: CallName, region: number, blockable: boolean, body: () => number): number {
    const call: Call = {
      id: this.#nextCall++,
      name,
      region: region >>> 0,
      blockable,
      locks: new Set(),
      allocations: 0,
      refused: 0,
      fences: 0,
      commandsSinceFence: 0,
      deadFences: 0,
      retryChecks: 0,
    };
    if (this.#removed.has(call.region) && name !== 'init' && name !== 'fini') {
      this.#breach('I7', `${name} was called for a region that is no longer registered`);
    }
    this.calls[name]++;
    this.#call = call;
    const staging = this.#host.stagingPages();
    // A trap leaves #call set; the host is discarded then.
    const result = body();
    this.#call = null;
    if (call.locks.size > 0) {
      const where = [...call.locks].map((lock) => `0x${lock.toString(16)}`).join(', ');
      this.#breach('I6', `${name} returned ${result} and still holds the lock at ${where}`);
    }
    if (name === 'update' || name === 'invalidate') {
      const now = this.#host.stagingPages();
      if (now !== staging) {
        this.#breach(
          'I6',
          `${name} returned ${result} with ${now} staging pages held, ${staging} before it`,
        );
      }
      this.#checkAnswer(call, result);
    }
    return result;
  }

  #checkAnswer(call: Call, result: number): void {
    const dead = this.#host.deviceIsDead();
    const { guarantees } = this.#entry;
    const update = call.name === 'update';
    const allowed =
      result === OK ||
      (result === EIO && dead) ||
      (update && result === EAGAIN) ||
      (update && result === ENOMEM) ||
      (!update && result === EAGAIN && !call.blockable);
    if (!allowed) {
      this.#breach(
        update ? 'contract' : 'I2',
        `${call.name} returned ${result}${dead ? '' : ' (device alive)'}`,
      );
    }
    if (update && result === ENOMEM) {
      this.updatesOutOfMemory++;
      if (this.checksClaims && !guarantees.updateCanFail) {
        this.#breach('claim updateCanFail', 'update returned ENOMEM; the manifest says it cannot');
      }
    }
    if (update && result === OK && call.deadFences > 0) {
      this.#breach(
        'contract',
        'update returned OK although its fence said the device is dead (EIO)',
      );
    }
    if (!update && call.commandsSinceFence > 0) {
      this.#breach(
        'I1',
        `invalidate returned ${result} with ${call.commandsSinceFence} commands not fenced`,
      );
    }
    if (update && result === OK && this.#entry.lock === 'own' && call.retryChecks === 0) {
      this.#breach('I3', 'update published without asking notifierReadRetry');
    }
  }

  #update(region: number, first: number, count: number, body: () => number): number {
    this.#checkLock('update', region, first);
    const compares = this.comparesFailures || this.collides;
    const before = compares ? this.#host.translations(region, first, count) : [];
    const result = this.#run('update', region, true, body);
    if (this.collides) this.collisions.push(result);
    if (compares && result !== OK && !this.#host.deviceIsDead())
      this.#compare('I4', 'update', region, first, before, result, true);
    return result;
  }

  #invalidate(
    region: number,
    first: number,
    count: number,
    blockable: boolean,
    body: () => number,
  ): number {
    this.#checkLock('invalidate', region, first);
    const before = blockable ? [] : this.#host.translations(region, first, count);
    const result = this.#run('invalidate', region, blockable, body);
    if (!blockable && result === EAGAIN) {
      this.#compare('I8', 'non-blockable invalidate', region, first, before, result, false);
    }
    return result;
  }

  #checkLock(name: CallName, region: number, page: number): void {
    if (this.#entry.lock === 'own' || this.#host.driverLockIsHeld(region, page)) return;
    this.#breach('I3', `the core called ${name} without the driver lock (${this.#entry.lock})`);
  }

  #compare(
    rule: string,
    what: string,
    region: number,
    first: number,
    before: readonly bigint[],
    result: number,
    mayVanish: boolean,
  ): void {
    const after = this.#host.translations(region, first, before.length);
    for (const [i, entry] of after.entries()) {
      if (entry === before[i]) continue;
      if ((entry & READ) === 0n && (mayVanish || (before[i]! & READ) === 0n)) continue;
      this.#breach(
        rule,
        `${what} returned ${result} but changed page ${first + i} of the region: ` +
          `0x${before[i]!.toString(16)} is now 0x${entry.toString(16)}`,
      );
      return;
    }
  }

  #allocatorServices(core: Record<string, NumberFunction>): Record<string, NumberFunction> {
    return {
      pageAlloc: (context, order, site) =>
        this.#allocated(context!, site!, core.pageAlloc!(context!, order!, site!)),
      pageAllocExact: (context, bytes, site) =>
        this.#allocated(context!, site!, core.pageAllocExact!(context!, bytes!, site!)),
      pageFree: (address, order) => {
        this.#freed(address! >>> 0);
        return core.pageFree!(address!, order!);
      },
      pageFreeExact: (address, bytes) => {
        this.#freed(address! >>> 0);
        return core.pageFreeExact!(address!, bytes!);
      },
      pageFreeDeferred: (address) => {
        this.#held.delete(address! >>> 0);
        return core.pageFreeDeferred!(address!);
      },
      pageReassign: (address, site) => {
        this.#held.set(address! >>> 0, { site: site!, call: this.#call?.id ?? 0 });
        return core.pageReassign!(address!, site!);
      },
    };
  }

  #allocated(context: number, site: number, address: number): number {
    const call = this.#call;
    if (call === null) return address;
    const { guarantees, sites } = this.#entry;
    const where = `${call.name} at site ${sites[site]?.name ?? site}`;
    call.allocations++;
    this.attempts[call.name]++;
    if (address === 0) call.refused++;
    else this.#held.set(address >>> 0, { site, call: call.id });
    if (sites[site] === undefined)
      this.#breach('contract', `${where}: the manifest has no such site`);
    if (call.name === 'invalidate' && context === CONTEXT_KERNEL) {
      this.#breach('I2', `${where} asked with KERNEL: the notifier may not enter reclaim`);
    }
    if (!this.checksClaims) return address;
    if (call.name === 'invalidate' && !guarantees.allocatesInInvalidate) {
      this.#breach(
        'claim allocatesInInvalidate',
        `${where} asked for memory; the manifest says never`,
      );
    }
    if (call.name === 'update' && !guarantees.allocatesInUpdate) {
      this.#breach('claim allocatesInUpdate', `${where} asked for memory; the manifest says never`);
    }
    return address;
  }

  #freed(address: number): void {
    const call = this.#call;
    const held = this.#held.get(address);
    this.#held.delete(address);
    if (call === null || held === undefined) return;
    if (call.name === 'init' || call.name === 'fini') return;
    const isTable = this.#entry.sites[held.site]?.kind === 'table';
    if (isTable && held.call !== call.id && call.fences === 0) {
      this.#breach(
        'I10',
        `${call.name} freed the table page 0x${address.toString(16)} (site ` +
          `${this.#entry.sites[held.site]!.name}) before any fence of this call`,
      );
    }
  }

  #deviceServices(core: Record<string, NumberFunction>): Record<string, NumberFunction> {
    const command =
      (name: string): NumberFunction =>
      (...values) => {
        if (this.#call !== null) this.#call.commandsSinceFence++;
        return core[name]!(...values);
      };
    const fenced = (name: string, commands: number): NumberFunction => {
      return (...values) => {
        if (this.#call !== null) this.#call.commandsSinceFence += commands;
        const result = core[name]!(...values);
        if (this.#call !== null) {
          this.#call.fences++;
          this.#call.commandsSinceFence = 0;
          if (result === EIO) this.#call.deadFences++;
        }
        return result;
      };
    };
    return {
      deviceWrite: command('deviceWrite'),
      deviceZap: command('deviceZap'),
      deviceCopy: command('deviceCopy'),
      deviceClear: command('deviceClear'),
      deviceCacheInvalidate: command('deviceCacheInvalidate'),
      deviceFence: fenced('deviceFence', 0),
      deviceWriteFenced: fenced('deviceWriteFenced', 1),
      deviceZapFenced: fenced('deviceZapFenced', 2),
    };
  }

  #lockServices(core: Record<string, NumberFunction>): Record<string, NumberFunction> {
    return {
      lockAcquire: (lock) => {
        const call = this.#call;
        if (call?.name === 'invalidate' && !call.blockable) {
          this.#breach('I8', 'non-blockable invalidate used lockAcquire, which may sleep');
        }
        const result = core.lockAcquire!(lock!);
        call?.locks.add(lock! >>> 0);
        return result;
      },
      lockTry: (lock) => {
        if (this.contended) return 0;
        const taken = core.lockTry!(lock!);
        if (taken !== 0) this.#call?.locks.add(lock! >>> 0);
        return taken;
      },
      lockRelease: (lock) => {
        if (this.#call !== null && !this.#call.locks.delete(lock! >>> 0)) {
          this.#breach(
            'I6',
            `${this.#call.name} released the lock at 0x${lock!.toString(16)}, which it does not hold`,
          );
        }
        return core.lockRelease!(lock!);
      },
      notifierReadRetry: (region) => {
        if (this.#call !== null) this.#call.retryChecks++;
        return this.collides ? 1 : core.notifierReadRetry!(region!);
      },
    };
  }
}
