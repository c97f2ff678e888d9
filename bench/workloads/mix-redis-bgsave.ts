import type { MixModel } from './mix-model.ts';

/**
 * What `fitMix` finds in the bundled recording redis-bgsave (redis-server); shares to four digits.
 */
export const REDIS_BGSAVE_MIX: MixModel = {
  schemaVersion: 1,
  fittedTo: 'redis-bgsave',
  spacePages: 44032,
  hugeShare: 0,
  rangesPerSecond: 6049,
  refaultShare: 1,
  adjacentShare: 0.09481,
  contiguity: 0.5,
  kinds: [
    {
      operation: 'invalidate',
      arg: 2,
      reason: 3,
      count: 23,
      sizes: [
        {
          minPages: 1,
          maxPages: 1,
          count: 10,
        },
        {
          minPages: 2,
          maxPages: 3,
          count: 2,
        },
        {
          minPages: 4,
          maxPages: 6,
          count: 3,
        },
        {
          minPages: 10,
          maxPages: 11,
          count: 3,
        },
        {
          minPages: 98,
          maxPages: 98,
          count: 1,
        },
        {
          minPages: 2048,
          maxPages: 2048,
          count: 4,
        },
      ],
    },
    {
      operation: 'invalidate',
      arg: 0,
      reason: 1,
      count: 2,
      sizes: [
        {
          minPages: 1,
          maxPages: 1,
          count: 1,
        },
        {
          minPages: 10,
          maxPages: 10,
          count: 1,
        },
      ],
    },
    {
      operation: 'invalidate',
      arg: 1,
      reason: 7,
      count: 10477,
      sizes: [
        {
          minPages: 1,
          maxPages: 1,
          count: 10477,
        },
      ],
    },
    {
      operation: 'split',
      arg: 0,
      reason: 8,
      count: 1,
      sizes: [
        {
          minPages: 512,
          maxPages: 512,
          count: 1,
        },
      ],
    },
    {
      operation: 'fork',
      arg: 0,
      reason: 6,
      count: 58,
      sizes: [
        {
          minPages: 1,
          maxPages: 1,
          count: 22,
        },
        {
          minPages: 2,
          maxPages: 3,
          count: 11,
        },
        {
          minPages: 4,
          maxPages: 6,
          count: 7,
        },
        {
          minPages: 10,
          maxPages: 13,
          count: 4,
        },
        {
          minPages: 31,
          maxPages: 31,
          count: 1,
        },
        {
          minPages: 33,
          maxPages: 33,
          count: 1,
        },
        {
          minPages: 90,
          maxPages: 98,
          count: 2,
        },
        {
          minPages: 543,
          maxPages: 543,
          count: 1,
        },
        {
          minPages: 2048,
          maxPages: 3328,
          count: 8,
        },
        {
          minPages: 26624,
          maxPages: 26624,
          count: 1,
        },
      ],
    },
    {
      operation: 'invalidate',
      arg: 1,
      reason: 2,
      count: 250,
      sizes: [
        {
          minPages: 1,
          maxPages: 1,
          count: 6,
        },
        {
          minPages: 2,
          maxPages: 3,
          count: 9,
        },
        {
          minPages: 4,
          maxPages: 7,
          count: 26,
        },
        {
          minPages: 8,
          maxPages: 15,
          count: 24,
        },
        {
          minPages: 16,
          maxPages: 31,
          count: 52,
        },
        {
          minPages: 32,
          maxPages: 62,
          count: 89,
        },
        {
          minPages: 66,
          maxPages: 127,
          count: 29,
        },
        {
          minPages: 132,
          maxPages: 238,
          count: 6,
        },
        {
          minPages: 294,
          maxPages: 393,
          count: 2,
        },
        {
          minPages: 2389,
          maxPages: 3584,
          count: 6,
        },
        {
          minPages: 4096,
          maxPages: 4096,
          count: 1,
        },
      ],
    },
  ],
  transitions: [
    [898, 156, 10, 6, 0, 1, 1, 1, 0],
    [158, 252, 29, 3, 2, 1, 0, 0, 0],
    [9, 30, 3, 6, 5, 0, 0, 0, 0],
    [6, 4, 7, 10, 7, 4, 1, 1, 0],
    [1, 3, 4, 9, 4, 3, 0, 0, 0],
    [0, 0, 0, 6, 6, 19, 7, 4, 0],
    [0, 0, 0, 0, 0, 11, 16, 18, 5],
    [1, 0, 0, 0, 0, 2, 20, 12, 7],
    [0, 0, 0, 0, 0, 1, 5, 6, 7],
  ],
};
