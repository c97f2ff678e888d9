import { describe, expect, it } from 'vitest';
import { UsageError } from '../../results/usage-error.ts';
import { TextInstrumenter } from './instrument-text.ts';

function moduleOf(...body: string[]): string {
  return [
    '(module',
    ' (type $0 (func))',
    ' (import "env" "memory" (memory $m 1 65536 shared))',
    ' (export "work" (func $0))',
    ' (func $0 (type $0)',
    ...body.map((line) => `  ${line}`),
    ' )',
    ')',
  ].join('\n');
}

function instrument(...body: string[]) {
  const instrumenter = new TextInstrumenter({ module: 'm', role: 'strategy', firstSite: 40 });
  const text = instrumenter.run(moduleOf(...body));
  const from = text.indexOf('(func $0 (type');
  const lines = text.slice(from, text.indexOf('\n)', from)).split('\n');
  const calls = lines.map((line) => line.trim()).filter((line) => !line.startsWith('(local'));
  return { sites: instrumenter.sites, lines: calls };
}

const REFUSED = [
  'v128.load8_splat',
  'v128.store32_lane offset=4 0',
  'memory.grow',
  'memory.init $d',
  'atomic.fence',
  'table.set $t',
  'struct.get $s 0',
  'i31.get_s',
  'throw $e',
  'return_call $f',
  'return_call_indirect $t (type $0)',
  // Accesses with an operand that their point would not see.
  'i32.atomic.load acqrel',
  'i32.load $second offset=4',
  'f32.load_f16',
  'pause.of.a.later.proposal',
];

/** As binaryen writes them. */
const PLAIN = [
  'i32.wrap_i64',
  'f64.const nan:0x8000000000000',
  'i64.extend_i32_u',
  'v128.const i32x4 0x00000000 0x00000001 0x00000002 0x00000003',
  'i8x16.extract_lane_s 3',
  'select (result i32)',
  'br_table $a $b',
  'call_indirect $t (type $0)',
  'memory.size',
];

describe('the points of a module', () => {
  it('stand between the operands and the access', () => {
    const { lines, sites } = instrument(
      'local.get $0',
      'local.get $0',
      'i32.load offset=8',
      'i32.store offset=8',
    );
    const load = lines.indexOf('i32.load offset=8');
    const store = lines.indexOf('i32.store offset=8');
    expect(lines[load - 1]).toBe('call $x.point');
    // The value stored was loaded before the store's point: an update can be lost in between.
    expect(load).toBeLessThan(store);
    expect(lines.slice(load + 1, store)).toContain('call $x.point');
    expect(lines[store - 1]).toBe('local.get $x.i32');
    expect(sites.map(({ id, loads, stores, bytes }) => [id, loads, stores, bytes])).toEqual([
      [40, true, false, 4],
      [41, false, true, 4],
    ]);
  });

  it('keep both operands of a compare-and-exchange', () => {
    const { lines, sites } = instrument('i64.atomic.rmw.cmpxchg offset=16');
    const at = lines.indexOf('i64.atomic.rmw.cmpxchg offset=16');
    expect(lines.slice(at - 2, at)).toEqual(['local.get $x.i64', 'local.get $x.r64']);
    expect(sites[0]).toMatchObject({ loads: true, stores: true, bytes: 8, function: 'work' });
  });

  it('split a vector store into the two halves that hardware promises', () => {
    const { lines, sites } = instrument('v128.store offset=32 align=8');
    expect(lines).toContain('i64.store offset=32 align=1');
    expect(lines).toContain('i64.store offset=40 align=1');
    expect(lines.filter((line) => line === 'call $x.point')).toHaveLength(2);
    expect(sites).toHaveLength(2);
  });

  it('replace waiting, waking and bulk instructions', () => {
    const { lines } = instrument(
      'memory.atomic.wait32 offset=4',
      'memory.atomic.notify',
      'memory.fill',
      'memory.copy',
    );
    const calls = lines.filter((line) => line.startsWith('call'));
    expect(calls).toEqual(['call $x.wait32', 'call $x.notify', 'call $x.fill', 'call $x.copy']);
    expect(lines.some((line) => line.startsWith('memory.'))).toBe(false);
  });

  it('count the turns of loops, which may touch no memory', () => {
    const { lines } = instrument('loop $label', 'br $label', 'end');
    expect(lines[lines.indexOf('loop $label') + 1]).toBe('call $x.turn');
  });

  it('leave alone what touches no memory', () => {
    const { lines, sites } = instrument(...PLAIN);
    expect(lines.slice(2)).toEqual(PLAIN);
    expect(sites).toEqual([]);
  });

  it('refuse what they do not cover, naming module, instruction and function', () => {
    for (const instruction of REFUSED) expect(() => instrument(instruction)).toThrow(UsageError);
    expect(() => instrument('v128.load64_lane 0')).toThrow(
      /^m: instruction v128\.load64_lane in function work cannot be explored/,
    );
  });
});
