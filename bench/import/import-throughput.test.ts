import { expect, test } from 'vitest';
import { measureImport } from './import-throughput.ts';

test('measures every line of the copies', async () => {
  const result = await measureImport(2, 1);
  expect(result.lines).toBe(2 * 79_951);
  expect(result.linesPerSecond).toBeCloseTo(result.lines / result.seconds, 3);
  expect(result.cpuSeconds).toBeGreaterThan(0);
});
