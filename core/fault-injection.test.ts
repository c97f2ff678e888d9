import { beforeAll, describe, expect, it } from 'vitest';
import { parseInjectRule } from '../bench/cell/inject-rule.ts';
import { CoreHost } from '../bench/fixtures/core-host.ts';
import type { CoreInternals } from '../bench/fixtures/core-internals.ts';
import { manifest } from '../strategies/manifest.ts';
import * as layout from './abi/layout.ts';
import * as terms from './abi/terms.ts';

const { CONTEXT_ATOMIC, CONTEXT_KERNEL, CONTEXT_NOWAIT } = terms;
/** Its sites: 0 directory, 1 fault, 2 break. */
const entry = manifest.find(({ id }) => id === 'huge-then-4k')!;
const SEED = 7;

let host: CoreHost;
let core: CoreInternals;

beforeAll(async () => {
  host = await CoreHost.create();
  core = host.thread();
});

/** The rules in force from now on, as if no call had been made yet. */
function give(...rules: string[]): void {
  const first = layout.PLAN_INJECT_RULES >>> 2;
  const words = (layout.INJECT_RULE_CAPACITY * layout.INJECT_RULE_BYTES) >>> 2;
  host.state.words.fill(0, first, first + words);
  rules.forEach((rule, i) => {
    parseInjectRule(rule, entry).write(host.state, i, SEED);
  });
  host.state.set(layout.PLAN_INJECT_COUNT, rules.length);
}

/** Which of `calls` calls fail, from 1. */
function failing(calls: number, context = CONTEXT_KERNEL, order = 0, site = 0): number[] {
  const nths: number[] = [];
  for (let nth = 1; nth <= calls; nth++) {
    if (core.shouldFail(context, order, site) !== 0) nths.push(nth);
  }
  return nths;
}

const fired = (rule = 0): number =>
  host.state.get(layout.PLAN_INJECT_RULES + rule * layout.INJECT_RULE_BYTES + layout.INJECT_FIRED);

describe('fault injection', () => {
  it('fails nothing without a rule', () => {
    give();
    expect(failing(5)).toEqual([]);
  });

  it('times limits the failures; the default is the kernel one, 1; -1 is no limit', () => {
    give('probability=100');
    expect(failing(4)).toEqual([1]);
    give('probability=100,times=3');
    expect(failing(5)).toEqual([1, 2, 3]);
    give('probability=100,times=-1');
    expect(failing(5)).toEqual([1, 2, 3, 4, 5]);
    give('probability=100,times=0');
    expect(failing(5)).toEqual([]);
  });

  it('interval lets every nth eligible call through to the draw', () => {
    give('probability=100,interval=3,times=-1');
    expect(failing(10)).toEqual([3, 6, 9]);
  });

  it('space must be spent first, in pages, and spending it is no eligible call', () => {
    give('probability=100,times=-1,space=4');
    expect(failing(5)).toEqual([4, 5]);
    give('probability=100,times=-1,space=9');
    expect(failing(4, CONTEXT_KERNEL, 2)).toEqual([3, 4]);
    give('probability=100,times=-1,space=3,interval=2');
    expect(failing(6)).toEqual([4, 6]);
  });

  it('probability is drawn from the seed: the same calls fail again, in that share', () => {
    give('probability=25,times=-1');
    const first = failing(4000);
    give('probability=25,times=-1');
    expect(failing(4000)).toEqual(first);
    expect(first.length).toBeGreaterThan(850);
    expect(first.length).toBeLessThan(1150);
    parseInjectRule('probability=25,times=-1', entry).write(host.state, 0, SEED + 1);
    expect(failing(4000)).not.toEqual(first);
  });

  it('a draw that lets a call live does not use up times', () => {
    give('probability=50,times=3');
    expect(failing(200)).toHaveLength(3);
  });

  it('min-order spares smaller blocks', () => {
    give('probability=100,times=-1,min-order=2');
    expect(failing(2, CONTEXT_KERNEL, 1)).toEqual([]);
    expect(failing(2, CONTEXT_KERNEL, 2)).toEqual([1, 2]);
  });

  it('ignore-gfp-wait spares calls that may reclaim', () => {
    give('probability=100,times=-1,ignore-gfp-wait=1');
    expect(failing(2, CONTEXT_KERNEL)).toEqual([]);
    expect(failing(1, CONTEXT_NOWAIT)).toEqual([1]);
    expect(failing(1, CONTEXT_ATOMIC)).toEqual([1]);
  });

  it('a site and a context choose the calls, several of them any of these', () => {
    give('probability=100,times=-1,site=break,site=fault');
    expect([0, 1, 2].map((site) => failing(1, CONTEXT_KERNEL, 0, site))).toEqual([[], [1], [1]]);
    give('probability=100,times=-1,context=NOWAIT');
    const contexts = [CONTEXT_KERNEL, CONTEXT_NOWAIT, CONTEXT_ATOMIC];
    expect(contexts.map((context) => failing(1, context))).toEqual([[], [1], []]);
  });

  it('calls that a filter spares neither count nor spend', () => {
    give('probability=100,times=1,interval=2,space=2,site=break');
    expect(failing(20, CONTEXT_KERNEL, 0, 0)).toEqual([]);
    expect(failing(5, CONTEXT_KERNEL, 0, 2)).toEqual([3]);
  });

  it('fail-nth fails the nth eligible call, once, whatever the other knobs say', () => {
    give('fail-nth=3');
    expect(failing(9)).toEqual([3]);
    give('fail-nth=2,times=0,space=100');
    expect(failing(9)).toEqual([2]);
    give('fail-nth=2,site=break');
    expect(failing(9, CONTEXT_KERNEL, 0, 0)).toEqual([]);
    expect(failing(9, CONTEXT_KERNEL, 0, 2)).toEqual([2]);
  });

  it('asks the rules in order; the first that fires is charged', () => {
    give('probability=100,times=1', 'probability=100,times=2');
    expect(failing(5)).toEqual([1, 2, 3]);
    expect([fired(0), fired(1)]).toEqual([1, 2]);
  });

  it('an injected failure is a failure of the allocator, and counted as injected', () => {
    core.allocatorInit();
    give('fail-nth=1,site=fault');
    expect(core.pageAlloc(CONTEXT_NOWAIT, 0, 1)).toBe(0);
    expect(core.pageAlloc(CONTEXT_NOWAIT, 0, 1)).not.toBe(0);
    expect(host.state.allocations()).toEqual([
      { context: CONTEXT_NOWAIT, order: 0, site: 1, attempts: 2, failures: 1, injected: 1 },
    ]);
  });

  it('numbers an allocation that no block is large enough for', () => {
    host.state.set(layout.PLAN_FORCE_ATOMIC, 1);
    give('fail-nth=2,site=break');
    const tooLarge = 2 ** layout.ORDER_COUNT * layout.PAGE_BYTES;
    expect(core.pageAllocExact(CONTEXT_NOWAIT, tooLarge, 2)).toBe(0);
    expect(core.pageAllocExact(CONTEXT_NOWAIT, tooLarge, 2)).toBe(0);
    const order = layout.ORDER_COUNT - 1;
    expect(host.state.allocations().filter(({ site }) => site === 2)).toEqual([
      { context: CONTEXT_ATOMIC, order, site: 2, attempts: 2, failures: 2, injected: 1 },
    ]);
    host.state.set(layout.PLAN_FORCE_ATOMIC, 0);
  });
});
