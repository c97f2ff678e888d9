import { describe, expect, it } from 'vitest';
import { THREAD_CAPACITY } from '../../core/abi/layout.ts';
import { manifest } from '../../strategies/manifest.ts';
import { cellSchema } from './cell.ts';
import { cellIdOf } from './cell-id.ts';
import { checkInput } from './checked-input.ts';
import { findSuite } from './find-suite.ts';
import { type PlanContext, planSuite } from './plan.ts';
import { type SuiteInput, suiteSchema } from './suite.ts';
import { SUITES } from './suite-catalogue.ts';

const CONTEXT: PlanContext = {
  strategies: manifest,
  recordings: ['redis-bgsave', 'node-gc', 'storm-async'],
  cores: 2,
  seed: 42,
};

function planOf(name: string, context: Partial<PlanContext> = {}) {
  return planSuite(findSuite(name).suite, { ...CONTEXT, ...context });
}

function suiteOf(group: SuiteInput['groups'][number]) {
  const input = { name: 'own', description: 'x', duration: { seconds: 1 }, groups: [group] };
  return checkInput(suiteSchema, input, 'own');
}

describe('planSuite', () => {
  it.each(SUITES.map((suite) => suite.name))('makes valid cells of %s', (name) => {
    const { cells } = planOf(name);
    expect(cells.length).toBeGreaterThan(0);
    for (const cell of cells) expect(cellSchema.parse(cell)).toEqual(cell);
    expect(new Set(cells.map((cell) => `${cell.cellId} ${cell.fork}`)).size).toBe(cells.length);
  });

  it('keeps quick under a minute and the others within their stated time', () => {
    expect(planOf('quick').estimatedSeconds).toBeLessThan(60);
    for (const { name } of SUITES) {
      const { duration } = findSuite(name).suite;
      const plan = planOf(name);
      const strategyCount = new Set(plan.cells.map((cell) => cell.strategy)).size;
      const bound = duration.seconds * (duration.per === 'strategy' ? strategyCount : 1);
      expect(plan.estimatedSeconds, name).toBeLessThanOrEqual(bound);
    }
  });

  it('is the same for the same seed, and another order and other seeds for another', () => {
    expect(planOf('quick')).toEqual(planOf('quick'));
    const other = planOf('quick', { seed: 43 });
    const ids = (plan: typeof other) => plan.cells.map((cell) => cell.cellId);
    expect(ids(other)).not.toEqual(ids(planOf('quick')));
    expect(ids(other).toSorted()).toEqual(ids(planOf('quick')).toSorted());
    expect(other.cells[0]!.seed).not.toBe(planOf('quick').cells[0]!.seed);
  });

  it('runs block by block: one fork of every cell, in changing order, with one seed', () => {
    const { cells, blockCount } = planOf('quick');
    expect(blockCount).toBe(3);
    const forks = cells.map((cell) => cell.fork);
    expect(forks).toEqual(forks.toSorted((left, right) => left - right));
    const blocks = [0, 1, 2].map((fork) => cells.filter((cell) => cell.fork === fork));
    for (const block of blocks) expect(new Set(block.map((cell) => cell.seed)).size).toBe(1);
    const storms = (block: typeof cells) =>
      block.filter((cell) => cell.mode === 'storm').map((cell) => cell.cellId);
    expect(storms(blocks[1]!).toSorted()).toEqual(storms(blocks[2]!).toSorted());
    expect(storms(blocks[1]!)).not.toEqual(storms(blocks[2]!));
  });

  it('covers the mission: strategies, recording and storm, pressure, canaries', () => {
    const { cells } = planOf('quick');
    const of = (mode: string, comparison = true) =>
      cells.filter((cell) => cell.mode === mode && cell.comparison === comparison);
    expect(new Set(of('storm').map((cell) => cell.strategy))).toEqual(
      new Set(['noop', 'flat-preallocated', 'huge-then-4k', 'deposit']),
    );
    expect(new Set(of('storm').map((cell) => cell.workload.id))).toEqual(
      new Set(['redis-bgsave', 'storm']),
    );
    expect(of('replay').some((cell) => cell.memory.profile === 'tight')).toBe(true);
    expect(new Set(of('verify', false).map((cell) => cell.strategy))).toEqual(
      new Set(['canary-no-cache-invalidate', 'canary-late-zap']),
    );
  });

  it('resolves selectors and thread sweeps', () => {
    const plan = planSuite(
      suiteOf({
        strategies: ['family:dynamic', 'own/idea.wasm', { id: 'deposit', params: { prepay: 0 } }],
        workloads: 'all-recordings',
        deviceThreads: '1..cores',
      }),
      { ...CONTEXT, cores: 6 },
    );
    const dynamic = manifest.filter(({ family }) => family === 'dynamic').map(({ id }) => id);
    expect(dynamic).toContain('huge-then-4k');
    expect(new Set(plan.cells.map((cell) => cell.strategy))).toEqual(
      new Set([...dynamic, 'own/idea.wasm', 'deposit']),
    );
    expect(new Set(plan.cells.map((cell) => cell.deviceThreads))).toEqual(new Set([1, 2, 4, 6]));
    expect(plan.cells).toHaveLength((dynamic.length + 2) * 3 * 4);
  });

  it('sweeps threads as far as a cell has room for them, on any machine', () => {
    const group = { strategies: ['noop'], workloads: ['storm'], maintenanceThreads: 2 };
    const sweep = { deviceThreads: '1..cores', stormThreads: '1..cores' } as const;
    const { cells } = planSuite(suiteOf({ ...group, ...sweep }), { ...CONTEXT, cores: 64 });
    const counts = new Set(cells.map((cell) => cell.deviceThreads));
    expect(counts).toEqual(new Set([1, 2, 4, 8, 12]));
    expect(counts).toEqual(new Set(cells.map((cell) => cell.stormThreads)));
    const threads = cells.map(
      ({ deviceThreads, stormThreads }) => deviceThreads + stormThreads + 2,
    );
    expect(Math.max(...threads)).toBeLessThan(THREAD_CAPACITY);
    for (const cell of planOf('scaling', { cores: 64 }).cells) {
      expect(cell.deviceThreads + cell.stormThreads).toBeLessThan(THREAD_CAPACITY);
    }
  });

  it.each([
    [
      { strategies: 'noop', workloads: 'storm', deviceThreads: 12, stormThreads: 4 },
      'suite own: groups[0]: 16 device and storm threads; a cell has at most 15 threads',
    ],
    [
      {
        strategies: 'noop',
        workloads: 'storm',
        deviceThreads: 13,
        stormThreads: '1..cores',
        maintenanceThreads: 1,
        teardown: { policy: 'strong' },
      },
      '14 device and storm threads and 2 for maintenance and teardown; a cell has at most 15 threads',
    ],
    [{ strategies: 'depsoit', workloads: 'storm' }, 'did you mean "deposit"?'],
    [{ strategies: 'family:dynamix', workloads: 'storm' }, 'did you mean "dynamic"?'],
    [{ strategies: 'deposit', workloads: 'strom' }, 'did you mean "storm"?'],
    [{ strategies: 'deposit', workloads: 'storm', devices: 'mlx' }, 'did you mean "mlx5-odp"?'],
    [
      { strategies: 'deposit', workloads: { id: 'storm', params: { burstMs: -1 } } },
      'workload storm: burstMs: expected a number 0.1..1000, got -1',
    ],
  ])('names what it does not know: %j', (group, message) => {
    expect(() => planSuite(suiteOf(group as SuiteInput['groups'][number]), CONTEXT)).toThrow(
      message,
    );
  });
});

describe('keys of one mode', () => {
  it('reach the cells of that mode alone', () => {
    const suite = suiteOf({
      modes: ['replay', 'micro'],
      strategies: ['noop'],
      workloads: ['storm'],
      laps: 3,
      operations: ['unmap 256x4K'],
    });
    const byMode = new Map(planSuite(suite, CONTEXT).cells.map((cell) => [cell.mode, cell]));
    expect(byMode.get('replay')).toMatchObject({ laps: 3, timeoutSeconds: 60.8 });
    expect(byMode.get('replay')).not.toHaveProperty('operations');
    expect(byMode.get('micro')).toMatchObject({ operations: ['unmap 256x4K'] });
    expect(byMode.get('micro')).not.toHaveProperty('laps');
  });

  it('name rows that the micro table has', () => {
    const operations = ['unmap 3x4K'];
    expect(() => suiteOf({ strategies: ['noop'], workloads: ['storm'], operations })).toThrow(
      /operations\[0\]: expected one of translate-random 1x4K/,
    );
  });
});

describe('cellIdOf', () => {
  it('depends on the settings, not on the order of their keys, fork or seed', () => {
    const { cellId, fork, seed, ...settings } = planOf('quick').cells[0]!;
    expect(cellIdOf(settings)).toBe(cellId);
    const reversed = Object.fromEntries(Object.entries(settings).reverse()) as typeof settings;
    expect(cellIdOf(reversed)).toBe(cellId);
    expect(cellIdOf({ ...settings, windowSeconds: settings.windowSeconds + 1 })).not.toBe(cellId);
    expect([fork, typeof seed]).toEqual([0, 'number']);
  });

  it('reads well', () => {
    const ids = planOf('quick').cells.map((cell) => cell.cellId);
    expect(ids.some((id) => /^deposit\.storm\.[a-z0-9-]+\.storm-[0-9a-f]{8}$/.test(id))).toBe(true);
    expect(
      ids.some((id) => /^deposit\.storm~hugeshare1\.[a-z0-9-]+\.replay\.tight-/.test(id)),
    ).toBe(true);
  });
});
