import type { AddressSpaceScript } from './address-space-script.ts';
import type { SeededRandom } from './seeded-random.ts';

/** Calls `act` at Poisson times of the given mean rate until the script's clock reaches `endNs`. */
export function atRandomTimes(
  script: AddressSpaceScript,
  random: SeededRandom,
  perSecond: number,
  endNs: number,
  act: () => void,
): void {
  for (;;) {
    script.wait(random.exponential(1e9 / perSecond));
    if (script.nowNs >= endNs) break;
    act();
  }
  script.waitUntil(endNs);
}

/**
 * Calls `act` in batches of `batchSize` at `batchPerSecond`, the batches so far apart that the mean
 * rate is `perSecond`, until the script's clock reaches `endNs`. `begin` runs before each batch.
 */
export function inBatches(
  script: AddressSpaceScript,
  random: SeededRandom,
  rates: {
    readonly perSecond: number;
    readonly batchSize: number;
    readonly batchPerSecond: number;
  },
  endNs: number,
  begin: () => void,
  act: () => void,
): void {
  const { perSecond, batchSize } = rates;
  const withinNs = 1e9 / Math.max(rates.batchPerSecond, perSecond);
  const gapNs = Math.max(0, (1e9 / perSecond - withinNs) * batchSize);
  for (;;) {
    script.wait(random.exponential(gapNs));
    if (script.nowNs >= endNs) break;
    begin();
    for (let index = 0; index < batchSize && script.nowNs < endNs; index++) {
      act();
      script.wait(random.exponential(withinNs));
    }
  }
  script.waitUntil(endNs);
}
