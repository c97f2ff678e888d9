import { formatBytes, formatCount } from './units.ts';

/**
 * A scenario's names as a reader would say them. Ids, links and files keep the keys of the records.
 *
 * @param name keys joined by ` · `: `storm{hugeShare=0.9,spaceMiB=16384} · ideal · 1000000ps`
 */
export function scenarioTitle(name: string): string {
  return name.split(' · ').map(partTitle).join(' · ');
}

function partTitle(part: string): string {
  const [, workload, settings] = /^([^{}]+)\{([^{}]*=[^{}]*)\}$/.exec(part) ?? [];
  if (workload !== undefined)
    return `${workload} (${settings!.split(',').map(setting).join(', ')})`;
  if (/^\w+=/.test(part)) return setting(part);
  return part.split('.').every((key) => variantTitle(key) !== null)
    ? part.split('.').map(variantTitle).join(', ')
    : part;
}

/** `spaceMiB=16384` is "mapped 16 GiB", `hugeShare=0.9` is "huge share 0.9". */
function setting(pair: string): string {
  const [, key, value] = /^(\w+)=(.*)$/.exec(pair) ?? [];
  if (key === undefined) return pair;
  if (key === 'spaceMiB') {
    return `mapped ${value!.replace(/\d+/g, (mebibytes) => short(formatBytes(Number(mebibytes) * 2 ** 20)))}`;
  }
  return `${key.replace(/[A-Z][a-z]+/g, (word) => ` ${word.toLowerCase()}`)} ${value}`;
}

/** `1000000ps` is a rate, `d1s2` says the threads; null: neither. */
function variantTitle(key: string): string | null {
  const [, rate] = /^(\d+)ps$/.exec(key) ?? [];
  if (rate !== undefined) return `${short(formatCount(Number(rate)))} ranges/s`;
  const [, device, storm] = /^d(\d+)s(\d+)$/.exec(key) ?? [];
  if (device === undefined) return null;
  const storms = Number(storm);
  return `${device} device + ${storms} storm thread${storms === 1 ? '' : 's'}`;
}

/** `16.0 GiB` is "16 GiB": what was asked for is a round number. */
function short(text: string): string {
  return text.replace(/\.0+(?=\D|$)/, '');
}
