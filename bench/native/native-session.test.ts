import { rmSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { benchmarkCell } from '../benchmarks/benchmark-cell.ts';
import { loadModules } from '../cell/thread-modules.ts';
import { MICRO_GEOMETRY, MicroMachine, NO_COSTS } from '../micro/micro-machine.ts';
import type { MicroStep } from '../micro/micro-step.ts';
import { resolveStrategy } from '../run/resolve-strategy.ts';
import { resolveWorkload } from '../run/resolve-workload.ts';
import { buildNativeRunner } from './build-runner.ts';
import { TWINS } from './compare-with-c.ts';
import { NativeSession } from './native-session.ts';
import { recordCalls } from './recorded-calls.ts';

const runner = buildNativeRunner();
const blocks = { first: 0, pages: 512, stride: 512, repeats: 8 };
/** Half of eight blocks is gone, one is huge; 4,096 pages are read in turn. */
const steps: readonly MicroStep[] = [
  { call: 'update', words: 'scattered', ...blocks },
  { call: 'update', words: 'huge', ...blocks, repeats: 1 },
  { call: 'invalidate', event: 'clear', first: 2048, pages: 1, stride: 2, repeats: 1024 },
  { call: 'draw', order: 'sequential', pages: 4096 },
];
const read: readonly MicroStep[] = [{ call: 'translate', repeats: 4096 }];

test('without a compiler the comparison says so in one sentence', () => {
  const none = buildNativeRunner(['no-such-compiler']);
  expect(none).toEqual({
    refusal: 'no C compiler (looked for no-such-compiler): the comparison with C is left out',
  });
});

test.runIf('file' in runner)('the C twins answer as the wasm modules do', async () => {
  if (!('file' in runner)) return;
  onTestFinished(() => rmSync(runner.folder, { recursive: true, force: true }));
  const cell = benchmarkCell('flat-preallocated', 'replay', 0);
  const trace = await resolveWorkload({ id: 'mprotect-barrier', params: {} }, 1);
  const draws = new Uint32Array(0);
  const { entry } = resolveStrategy(cell.strategy);
  const modules = loadModules({ id: cell.strategy });
  const recorded = recordCalls({ cell, entry, device: NO_COSTS, trace, draws }, modules);
  expect(recorded.updates).toBeGreaterThan(0);
  for (const strategy of TWINS) {
    const twin = resolveStrategy(strategy).entry;
    const own = loadModules({ id: strategy });
    const wasm = new MicroMachine({ cell, entry: twin }, own);
    wasm.run(steps);
    const native = await NativeSession.open(runner, strategy, MICRO_GEOMETRY);
    await native.prepare(steps);
    expect(wasm.run(read).hits).toBe(3072);
    expect((await native.measure(1, read, [])).hits).toBe(3072);
    native.close();

    const player = new MicroMachine({ cell, entry: twin }, own, recorded.geometry);
    const nativePlayer = await NativeSession.open(runner, strategy, recorded.geometry);
    const { hits } = player.run([{ call: 'calls' }]);
    expect(hits).toBeGreaterThan(0);
    expect(hits).toBeLessThanOrEqual(recorded.translates);
    expect((await nativePlayer.measure(1, [{ call: 'calls' }], [])).hits).toBe(hits);
    nativePlayer.close();
  }
});
