import { sampleVariance } from 'simple-statistics';

/** Fewer forks than this carry no interval that deserves the name, and no p value. */
export const MIN_FORKS = 5;

/** More than this is no plan but an admission: the noise has to be removed at its source. */
export const FORKS_LIMIT = 1000;

const Z95 = 1.96;
/** Standard error of a median against that of a mean, normal noise: sqrt(pi / 2). */
const MEDIAN_PENALTY = 1.2533;

/**
 * Further forks, per side, until the 95 % interval of the ratio of two medians is about +- `width`.
 * With enough forks the interval at hand is scaled by 1/sqrt(n); with few, the spread of the values
 * stands in for it.
 *
 * @param sides the fork values of both series, all > 0
 * @param width wanted half width as a relative difference, e.g. 0.03
 * @param halfWidth present half width of the interval in log ratio; null: unknown
 * @returns 0 when they are enough; null when more than FORKS_LIMIT would be needed or n < 2
 */
export function forksNeeded(
  sides: readonly (readonly number[])[],
  width: number,
  halfWidth: number | null,
): number | null {
  const forks = Math.min(...sides.map((side) => side.length));
  const wanted = Math.log1p(width);
  if (halfWidth !== null && forks >= MIN_FORKS) {
    return further(forks, forks * (halfWidth / wanted) ** 2);
  }
  if (forks < 2) return null;
  const variance = sides.reduce((sum, side) => sum + sampleVariance(side.map(Math.log)), 0);
  return further(forks, Math.max(MIN_FORKS, variance * ((Z95 * MEDIAN_PENALTY) / wanted) ** 2));
}

function further(forks: number, total: number): number | null {
  if (!(total <= FORKS_LIMIT)) return null;
  return Math.max(0, Math.ceil(total) - forks);
}
