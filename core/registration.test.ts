import { beforeEach, describe, expect, it } from 'vitest';
import { CoreHost } from '../bench/fixtures/core-host.ts';
import type { CoreInternals, StrategyFunctions } from '../bench/fixtures/core-internals.ts';
import * as layout from './abi/layout.ts';
import * as terms from './abi/terms.ts';
import { EVENT_CLEAR } from './abi/trace-event.ts';

const BLOCK = layout.BLOCK_PAGES;

let host: CoreHost;
let region: number;

beforeEach(async () => {
  host = await CoreHost.create({ pageCount: 2 * BLOCK, regionCount: 1 });
});

/** The OS, with region 0 registered over the first block. */
function registered(strategy: Partial<StrategyFunctions>): CoreInternals {
  const os = host.thread(0, strategy);
  os.attach();
  os.register(0, 0, BLOCK);
  region = os.regionAt(0);
  return os;
}

describe('a region whose device has lost its key', () => {
  it('is told of a change of the CPU table that the device walks, until it has left the tree', () => {
    host.state.set(layout.PLAN_NOTIFY_AFTER, 1);
    host.state.set(layout.PLAN_LOCK, terms.LOCK_OWN);
    const told: number[] = [];
    const os = registered({
      invalidate: (_region, first, count) => {
        told.push(first, count);
        return terms.OK;
      },
    });
    os.vmaMap(0, 2 * BLOCK, 1, 0);
    os.fault(3, 0);
    os.regionCover(region, 0);
    os.invalidateRange(3, 5, EVENT_CLEAR, 1);
    expect(told).toEqual([3, 2]);
    os.invalidateRange(BLOCK, BLOCK + 1, EVENT_CLEAR, 1);
    os.notifierRemove(region);
    os.invalidateRange(3, 5, EVENT_CLEAR, 1);
    expect(told).toEqual([3, 2]);
  });
});

describe('a region that is torn down while somebody holds it', () => {
  const stateOf = (): number => host.state.get(region + layout.REGION_STATE);

  it('is registered again only when the last holder has freed it (refcount)', () => {
    host.state.set(layout.PLAN_TEARDOWN, terms.TEARDOWN_REFCOUNT);
    const calls: string[] = [];
    const os = registered({
      init: () => {
        calls.push('init');
        return terms.OK;
      },
      fini: () => {
        calls.push('fini');
        expect(os.restoreRegions()).toBe(0);
        calls.push('freed');
      },
    });
    os.regionAcquire(region);
    os.unregister(0);
    calls.length = 0;
    os.regionRelease(region);
    expect(calls).toEqual(['fini', 'freed']);
    expect(os.restoreRegions()).toBe(1);
    expect(calls).toEqual(['fini', 'freed', 'init']);
    expect(stateOf()).toBe(terms.REGION_LIVE);
  });

  it('is not restored before it is let go (deferred)', () => {
    host.state.set(layout.PLAN_TEARDOWN, terms.TEARDOWN_DEFERRED);
    const os = registered({});
    os.regionAcquire(region);
    os.unregister(0);
    expect(os.restoreRegions()).toBe(0);
    os.regionRelease(region);
    expect(os.restoreRegions()).toBe(1);
    expect(stateOf()).toBe(terms.REGION_LIVE);
  });
});
