/** What a time stamp costs and resolves; nanoseconds. */
export interface ClockCheck {
  readonly costNs: number;
  readonly granularityNs: number;
  /** Times the clock ran backwards. */
  readonly backwardSteps: number;
}

const STAMPS = 20_000;
const ROUNDS = 5;

/** The clock that latencies are stamped with, as a number: exact for 104 days after the machine's start. */
export function hrtimeNs(): number {
  const [seconds, ns] = process.hrtime();
  return seconds * 1e9 + ns;
}

/**
 * Measures the clock of latencies in this process: the best of a few rounds, a few milliseconds. What a
 * reading costs the loops of a cell is in the cell's own record (host.clockCostNs).
 */
export function checkClock(nowNs: () => number = hrtimeNs): ClockCheck {
  let costNs = Number.POSITIVE_INFINITY;
  let granularityNs = Number.POSITIVE_INFINITY;
  let backwardSteps = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const startNs = nowNs();
    let previousNs = startNs;
    for (let i = 0; i < STAMPS; i++) {
      const stampNs = nowNs();
      const stepNs = stampNs - previousNs;
      if (stepNs < 0) backwardSteps++;
      else if (stepNs > 0) granularityNs = Math.min(granularityNs, stepNs);
      previousNs = stampNs;
    }
    costNs = Math.min(costNs, (previousNs - startNs) / STAMPS);
  }
  const round = (ns: number): number => Math.round(ns * 10) / 10;
  return { costNs: round(costNs), granularityNs: round(granularityNs), backwardSteps };
}
