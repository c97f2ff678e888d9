import { UsageError } from '../results/usage-error.ts';

/** A whole number of the command line; yargs' own numbers let NaN through. */
export function checkedInteger(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^-?\d+$/.test(text) && value >= min && value <= max) return value;
  throw new UsageError(`${option} ${text}: expected a whole number from ${min} to ${max}`);
}

/** A number of the command line that may not be 0: a time to work in. */
export function checkedPositive(option: string, text: string, max: number): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && value <= max) return value;
  throw new UsageError(`${option} ${text}: expected a number above 0, at most ${max}`);
}

/** A number of the command line. */
export function checkedNumber(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= min && value <= max) return value;
  throw new UsageError(`${option} ${text}: expected a number from ${min} to ${max}`);
}
