import { METRICS, type Metric } from '../metrics.ts';
import type { ForkSample } from '../statistics/fork-bootstrap.ts';
import { SeededRandom } from '../statistics/seeded-random.ts';
import { type Judgement, settle, weigh } from './judge.ts';

/** How forks of one and the same program differ from each other, as relative deviations. */
export interface ForkNoise {
  readonly name: string;
  /** Each fork on its own. */
  readonly fork: number;
  /** Share of forks that land in the slow band, and how much slower it is. */
  readonly bandShare?: number;
  readonly bandFactor?: number;
  /** Random walk of the machine from one block of forks to the next; both sides go through it. */
  readonly drift?: number;
}

/** From a quiet machine to the bands that identical forks of JavaScript loops fall into. */
export const FORK_NOISES: readonly ForkNoise[] = [
  { name: 'forks 1 %', fork: 0.01 },
  { name: 'forks 3 %', fork: 0.03 },
  { name: 'forks 6 %', fork: 0.06 },
  { name: 'forks 2 %, drift 5 %', fork: 0.02, drift: 0.05 },
  { name: 'forks 3 %, 1 in 5 x1.8', fork: 0.03, bandShare: 0.2, bandFactor: 1.8 },
];

export interface MethodCheckRow {
  readonly noise: string;
  readonly forks: number;
  /** A/A: at least one gated figure of the family called faster or slower. */
  readonly falseAlarms: number;
  /** A/A, the first figure. */
  readonly noDifference: number;
  readonly tooNoisy: number;
  /** The planted slowdown of the first figure called slower. */
  readonly found: number;
  /** The planted slowdown called "no difference seen". */
  readonly missed: number;
  /** The interval holds the planted ratio. */
  readonly covered: number;
}

const FAMILY: readonly Metric[] = METRICS.filter(({ gate, percentile }) => gate && percentile);
/** Tails spread more between forks than medians do. */
const TAIL_SPREAD = 2;
const BASE_NS = 2000;

function drawForks(
  count: number,
  noise: ForkNoise,
  spread: number,
  drifts: readonly number[],
  factor: number,
  random: SeededRandom,
): ForkSample[] {
  return Array.from({ length: count }, (_, fork) => {
    const slow = random.uniform() < (noise.bandShare ?? 0) ? (noise.bandFactor ?? 1) : 1;
    const own = Math.exp(spread * noise.fork * random.normal() + drifts[fork]!);
    return { fork, value: BASE_NS * factor * slow * own };
  });
}

function judgeFamily(
  count: number,
  noise: ForkNoise,
  planted: number,
  draws: number,
  random: SeededRandom,
): Judgement[] {
  let level = 0;
  const drifts = Array.from({ length: count }, () => {
    level += (noise.drift ?? 0) * random.normal();
    return level;
  });
  const weighed = FAMILY.map((metric, i) => {
    const spread = metric.percentile!.perTenThousand > 5000 ? TAIL_SPREAD : 1;
    const a = drawForks(count, noise, spread, drifts, 1, random);
    const b = drawForks(count, noise, spread, drifts, i === 0 ? planted : 1, random);
    const seed = 1 + random.below(2 ** 31);
    const question = { metric, baseline: a, candidate: b, counted: false, block: null };
    return weigh({ ...question, pooled: [null, null] }, { draws, seed, paired: true });
  });
  return settle(weighed);
}

/**
 * Error rates of the verdict engine where the truth is known: simulated forks, A/A and a planted
 * slowdown, in a family of the gated latency figures.
 *
 * @param planted true ratio of the first figure, e.g. 1.1
 * @returns counts out of `repetitions`
 */
export function checkMethod(
  noise: ForkNoise,
  forks: number,
  repetitions: number,
  { planted = 1.1, draws = 1000, seed = 1 } = {},
): MethodCheckRow {
  const random = new SeededRandom(seed);
  const row = { falseAlarms: 0, noDifference: 0, tooNoisy: 0, found: 0, missed: 0, covered: 0 };
  for (let i = 0; i < repetitions; i++) {
    const same = judgeFamily(forks, noise, 1, draws, random);
    if (same.some(({ outcome }) => outcome === 'improved' || outcome === 'regressed')) {
      row.falseAlarms++;
    }
    if (same[0]!.verdict === 'no difference seen') row.noDifference++;
    if (same[0]!.verdict === 'too noisy') row.tooNoisy++;
    const [slower] = judgeFamily(forks, noise, planted, draws, random);
    if (slower!.verdict === 'slower') row.found++;
    if (slower!.verdict === 'no difference seen') row.missed++;
    const { low, high } = slower!.ratio!;
    if (low <= planted && high >= planted) row.covered++;
  }
  return { noise: noise.name, forks, ...row };
}
