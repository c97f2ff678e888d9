import fc from 'fast-check';
import { expect, test } from 'vitest';
import { VmaMap } from './vma-map.ts';

const LIMIT = 40;

/** The same map as one cell per byte. */
class ByteMap {
  readonly cells = new Array<number>(LIMIT).fill(-1);

  set(start: number, end: number, bits: number): void {
    this.cells.fill(bits, start, end);
  }

  pieces(): { start: number; end: number; bits: number }[] {
    const pieces: { start: number; end: number; bits: number }[] = [];
    for (const [at, bits] of this.cells.entries()) {
      const last = pieces[pieces.length - 1];
      if (bits < 0) continue;
      if (last?.end === at && last.bits === bits) last.end = at + 1;
      else pieces.push({ start: at, end: at + 1, bits });
    }
    return pieces;
  }
}

const step = fc.record({
  kind: fc.constantFrom('map', 'unmap', 'change'),
  start: fc.integer({ min: 0, max: LIMIT }),
  length: fc.integer({ min: 0, max: 12 }),
  bits: fc.integer({ min: 0, max: 2 }),
});

test('random maps, unmaps and changes agree with a map of single bytes', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const map = new VmaMap();
      const model = new ByteMap();
      for (const { kind, start, length, bits } of steps) {
        const end = Math.min(LIMIT, start + length);
        if (kind === 'map') {
          map.map(start, end, bits);
          model.set(start, end, bits);
        } else if (kind === 'unmap') {
          map.unmap(start, end);
          model.set(start, end, -1);
        } else {
          map.change(start, end, () => bits);
          for (let at = start; at < end; at++) if (model.cells[at]! >= 0) model.cells[at] = bits;
        }
        expect(map.all()).toEqual(model.pieces());
        const part = model.cells.slice(start, end);
        expect(map.overlaps(start, end)).toBe(part.some((cell) => cell >= 0));
        expect(map.covers(start, end)).toBe(part.every((cell) => cell >= 0));
        expect(map.bitsAt(start)).toBe(model.cells[start] ?? -1);
      }
    }),
    { seed: 1, numRuns: 300 },
  );
});
