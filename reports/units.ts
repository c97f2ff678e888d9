/**
 * Numbers as text, in the units a driver engineer reads. These functions also run in the page: they
 * are written into it by their source text (page/inline-script.ts), so each may use only its
 * arguments, language globals and the other functions of this file.
 */

/** Three significant digits without an exponent: 0.0123, 1.23, 12.3, 123, 1230. */
export function threeDigits(value: number): string {
  if (value === 0) return '0';
  const rounded = Number(value.toPrecision(3));
  const magnitude = Math.floor(Math.log10(Math.abs(rounded)));
  const decimals = Math.min(6, Math.max(0, 2 - magnitude));
  return value.toFixed(decimals);
}

/** Picks the largest step that leaves a number of at least one: 3100 ns is 3.10 µs. */
export function scaled(value: number, steps: readonly (readonly [number, string])[]): string {
  const size = Math.abs(value);
  for (const [factor, suffix] of steps) {
    if (size >= factor * 0.9995) return `${threeDigits(value / factor)} ${suffix}`;
  }
  const last = steps[steps.length - 1]!;
  return `${threeDigits(value / last[0])} ${last[1]}`;
}

/** Nanoseconds as ns, µs, ms or s. */
export function formatNs(value: number): string {
  return scaled(value, [
    [1e9, 's'],
    [1e6, 'ms'],
    [1e3, 'µs'],
    [1, 'ns'],
  ]);
}

/** Bytes as B, KiB, MiB or GiB. */
export function formatBytes(value: number): string {
  return scaled(value, [
    [1024 ** 3, 'GiB'],
    [1024 ** 2, 'MiB'],
    [1024, 'KiB'],
    [1, 'B'],
  ]);
}

/** Counts: exact with thin spaces up to a million, then 1.23 M, 1.23 G. */
export function formatCount(value: number): string {
  if (Math.abs(value) >= 1e6) {
    return scaled(value, [
      [1e12, 'T'],
      [1e9, 'G'],
      [1e6, 'M'],
    ]);
  }
  if (!Number.isInteger(value) && Math.abs(value) < 1000) return threeDigits(value);
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

/** A percentile on the log(1/(1-p)) axis, 0 -> "0 %", 1 -> "90 %", 3 -> "99.9 %". */
export function formatNines(nines: number): string {
  if (nines < 1e-9) return '0 %';
  const percent = 100 * (1 - 10 ** -nines);
  const decimals = Math.max(0, Math.ceil(nines) - 2);
  return `${percent.toFixed(decimals)} %`;
}

/** A figure with its unit; `null` is "absent", never 0. */
export function formatValue(value: number | null | undefined, unit: string): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  switch (unit) {
    case 'ns':
      return formatNs(value);
    case 'ms':
      return formatNs(value * 1e6);
    case 'bytes':
      return formatBytes(value);
    case 'share':
      return `${threeDigits(value * 100)} %`;
    case 'per second':
      return `${formatCount(Math.abs(value) < 1e3 ? value : Math.round(value))}/s`;
    case 'ratio':
      return `×${threeDigits(value)}`;
    case 'nines':
      return formatNines(value);
    default:
      return formatCount(value);
  }
}

/** `771 – 851 ns`: the unit stands once where both ends share it. */
export function formatRange(low: number, high: number, unit: string, between = ' – '): string {
  const [from, to] = [formatValue(low, unit), formatValue(high, unit)];
  const suffix = / [^\d\s]+$/.exec(to)?.[0] ?? '';
  const short = suffix !== '' && from.endsWith(suffix) ? from.slice(0, -suffix.length) : from;
  return `${short}${between}${to}`;
}
