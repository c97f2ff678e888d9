import type { RowInterval } from './comparison.ts';
import type { MetricUnit } from './metrics.ts';

const NS_STEPS: readonly (readonly [number, string])[] = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'us'],
  [1, 'ns'],
];
const BYTE_STEPS: readonly (readonly [number, string])[] = [
  [2 ** 30, 'GiB'],
  [2 ** 20, 'MiB'],
  [2 ** 10, 'KiB'],
  [1, 'B'],
];

const digits = (value: number): string => String(Number(value.toPrecision(4)));

function scaled(value: number, steps: readonly (readonly [number, string])[]): string {
  const size = Math.abs(value);
  const [step, unit] = steps.find(([from]) => size >= from) ?? steps.at(-1)!;
  return `${digits(value / step)} ${unit}`;
}

/** How figures in a sentence are written: for a terminal as here, a report has its own way. */
export type FigureText = (value: number | null, unit: MetricUnit) => string;

/** A figure with its unit; `-` where there is none. */
export function figureText(value: number | null, unit: MetricUnit): string {
  if (value === null) return '-';
  if (unit === 'ns') return scaled(value, NS_STEPS);
  if (unit === 'bytes') return scaled(value, BYTE_STEPS);
  if (unit === 'share') return `${digits(100 * value)} %`;
  if (unit === 'per second') return `${digits(value)}/s`;
  return Number.isInteger(value) ? String(value) : digits(value);
}

/** `x1.10 [1.07, 1.13]`; an exact ratio has no interval. */
export function ratioText(ratio: RowInterval): string {
  const three = (value: number): string => String(Number(value.toPrecision(3)));
  if (ratio.low === ratio.high) return `x${three(ratio.estimate)}`;
  return `x${three(ratio.estimate)} [${three(ratio.low)}, ${three(ratio.high)}]`;
}
