import { expect, test } from 'vitest';
import { mergedText } from './merged-text.ts';

test('figures that differ are a range, in every place of the text', () => {
  const queue = (offered: number, achieved: number) =>
    `offered ${offered}/s, achieved ${achieved}/s: latency measures the queue`;
  expect(mergedText([queue(200_000, 188_718), queue(20_000, 18_990), queue(2_000_000, 9)])).toBe(
    'offered 20000 to 2000000/s, achieved 9 to 188718/s: latency measures the queue',
  );
  expect(mergedText(['took 9.5 % of it', 'took 9.5 % of it'])).toBe('took 9.5 % of it');
});

test('texts of another shape stand beside each other, whatever they hold', () => {
  expect(mergedText(['1 collection', '3 collections', '2 collections'])).toBe(
    '1 collection; 2 to 3 collections',
  );
  expect(mergedText(['a\u0000b 7', 'ab 8'])).toBe('ab 7 to 8');
});
