import { expect, test } from 'vitest';
import { fuzzImport } from './fuzz-import.ts';
import { mutateRecording, seededRandom } from './mutate-recording.ts';

test('300 damaged recordings: each gives a trace that can be replayed or one line', async () => {
  const { imported, refused, replayed } = await fuzzImport(300, 20260101);
  expect(replayed).toBeGreaterThan(50);
  expect(refused).toBeGreaterThan(50);
  expect(imported).toBeGreaterThanOrEqual(replayed);
});

test('one seed mutates one way', () => {
  const text = Buffer.from('a 1\nb 2\nc 3\n'.repeat(50));
  const first = mutateRecording(text, seededRandom(7));
  expect(mutateRecording(text, seededRandom(7))).toEqual(first);
  expect(text.toString()).toBe('a 1\nb 2\nc 3\n'.repeat(50));
  const others = [8, 9, 10].map((seed) => mutateRecording(text, seededRandom(seed)).toString());
  expect(new Set(others).size).toBe(3);
});
