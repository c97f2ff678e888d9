/** What a time stamp costs and resolves; nanoseconds. */
export interface ClockCheck {
  readonly costNs: number;
  readonly granularityNs: number;
  /** Times the clock ran backwards. */
  readonly backwardSteps: number;
}

const STAMPS = 20_000;
const ROUNDS = 5;

/** Measures the clock that latencies are stamped with: the best of a few rounds, a few milliseconds. */
export function checkClock(nowMs: () => number = () => performance.now()): ClockCheck {
  let costNs = Number.POSITIVE_INFINITY;
  let granularityNs = Number.POSITIVE_INFINITY;
  let backwardSteps = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const startMs = nowMs();
    let previousMs = startMs;
    for (let i = 0; i < STAMPS; i++) {
      const stampMs = nowMs();
      const stepNs = (stampMs - previousMs) * 1e6;
      if (stepNs < 0) backwardSteps++;
      else if (stepNs > 0) granularityNs = Math.min(granularityNs, stepNs);
      previousMs = stampMs;
    }
    costNs = Math.min(costNs, ((previousMs - startMs) * 1e6) / STAMPS);
  }
  const round = (ns: number): number => Math.round(ns * 10) / 10;
  return { costNs: round(costNs), granularityNs: round(granularityNs), backwardSteps };
}
