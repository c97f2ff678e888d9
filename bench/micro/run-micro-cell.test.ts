import { expect, test } from 'vitest';
import * as layout from '../../core/abi/layout.ts';
import * as terms from '../../core/abi/terms.ts';
import { microLabel } from '../../results/metrics.ts';
import { manifest } from '../../strategies/manifest.ts';
import { benchmarkCell } from '../benchmarks/benchmark-cell.ts';
import { loadModules } from '../cell/thread-modules.ts';
import { resolveStrategy } from '../run/resolve-strategy.ts';
import { MicroMachine } from './micro-machine.ts';
import { MICRO_OPERATIONS } from './micro-operations.ts';
import { runMicroCell } from './run-micro-cell.ts';

const chosen = (label: string) => MICRO_OPERATIONS.filter((o) => microLabel(o) === label);

function run(strategy: string, labels: readonly string[], changed = {}) {
  const { entry } = resolveStrategy(strategy);
  const cell = benchmarkCell(strategy, 'micro', 0);
  const operations = labels.flatMap(chosen).map((operation) => ({ ...operation, ...changed }));
  return runMicroCell({ cell, entry }, loadModules({ id: strategy }), operations);
}

test('a dynamic table is mapped, split, walked and unmapped in batches, and nothing leaks', () => {
  const labels = ['translate-random 1x4K', 'map 256x4K', 'unmap 256x4K', 'split 1x2M', 'walk 1x4K'];
  const rows = run('huge-then-4k', labels);
  expect(rows.map(microLabel)).toEqual(labels);
  for (const { minNs, p5Ns, p50Ns, avgNs, samples } of rows) {
    expect(minNs).toBeGreaterThan(0);
    expect(avgNs).toBeGreaterThanOrEqual(minNs!);
    expect(p5Ns).toBeGreaterThanOrEqual(minNs!);
    expect(p50Ns).toBeGreaterThanOrEqual(p5Ns!);
    expect(samples).toBeGreaterThanOrEqual(30);
  }
});

test("a walk's device cache is not left on: later invalidations would pay for emptying it", () => {
  const { entry } = resolveStrategy('radix');
  const inputs = { cell: benchmarkCell('radix', 'micro', 0), entry };
  const machine = new MicroMachine(inputs, loadModules({ id: 'radix' }));
  const { prepare, timed } = chosen('walk-cached 1x4K')[0]!;
  expect(machine.run([...prepare, ...timed]).hits).toBeGreaterThan(0);
  expect(machine.state.count(terms.COUNT_CACHE_HITS)).toBeGreaterThan(0);
  expect(machine.state.get(layout.PLAN_CACHE_ENTRIES)).toBe(0);
});

test.each(manifest.filter(({ guarantees }) => guarantees.translates).map(({ id }) => id))(
  '%s does every operation of the table, and finds what was mapped',
  (id) => {
    const { entry } = resolveStrategy(id);
    const machine = new MicroMachine(
      { cell: benchmarkCell(id, 'micro', 0), entry },
      loadModules({ id }),
    );
    for (const { operation, prepare, timed, restore, hits } of MICRO_OPERATIONS) {
      machine.run(prepare);
      const { hits: found } = machine.run(timed);
      machine.run(restore);
      if (hits !== null) expect([operation, found]).toEqual([operation, hits]);
      if (operation === 'translate-miss') expect([operation, found]).toEqual([operation, 0]);
    }
    expect(machine.close()).toBe(0);
  },
);

test('the floor translates nothing and is measured all the same', () => {
  expect(run('noop', ['translate-random 1x4K'])[0]!.avgNs).toBeGreaterThan(0);
});

test('a batch that misses its pages is an error, not a figure', () => {
  const emptied = {
    prepare: MICRO_OPERATIONS.find((o) => o.operation === 'translate-miss')!.prepare,
  };
  expect(() => run('flat-preallocated', ['translate-random 1x4K'], emptied)).toThrow(
    'translate-random: 0 of 16384 accesses were translated',
  );
});
