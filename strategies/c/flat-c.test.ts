import { describe, expect, it } from 'vitest';
import { constantsHeader, missingCompiler } from '../../bench/build/build-c.ts';
import { loadModules } from '../../bench/cell/thread-modules.ts';
import { runCases } from '../../bench/conformance/run-cases.ts';
import { REGION_STRATEGY } from '../../core/abi/layout.ts';
import { ENOMEM } from '../../core/abi/terms.ts';
import { manifest } from '../manifest.ts';

const missing = missingCompiler();
const entry = manifest.find(({ id }) => id === 'flat-c')!;

describe(`flat-c${missing === null ? '' : ` (left out: ${missing})`}`, () => {
  it.skipIf(missing !== null)('passes the cases every strategy passes', () => {
    const strategy = { entry, modules: loadModules({ id: 'flat-c' }), params: {} };
    const { passed, failed } = runCases(strategy, { size: 'small', seed: 1 });
    expect(failed).toEqual([]);
    expect(passed.length).toBeGreaterThan(40);
  });

  it.skipIf(missing !== null)('imports core and memory, has no state and exports the ABI', () => {
    const { strategy } = loadModules({ id: 'flat-c' });
    const exported = WebAssembly.Module.exports(strategy).map(({ name }) => name);
    expect(exported.sort()).toEqual([
      'fini',
      'init',
      'invalidate',
      'maintain',
      'translate',
      'update',
    ]);
  });
});

describe('the constants a C strategy sees', () => {
  it('are those of core/abi, with their types', () => {
    const header = constantsHeader();
    expect(header).toContain(`#define REGION_STRATEGY (${REGION_STRATEGY}u)`);
    expect(header).toContain(`#define ENOMEM (${ENOMEM})`);
    expect(header).toContain('#define ENTRY_FRAME_MASK (UINT64_C(0x000ffffffffff000))');
  });
});
