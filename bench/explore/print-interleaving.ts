import type { ObservedAccess } from './interleaving.ts';

const COLUMN = 58;

/** One column a thread, one line a shared access; a loop over one access is one line. */
export function printInterleaving(
  names: readonly string[],
  accesses: readonly ObservedAccess[],
): string {
  const lines = [row(names), row(names.map((name) => '-'.repeat(name.length)))];
  for (const access of accesses) {
    const cells = names.map((_, thread) => (thread === access.thread ? describe(access) : ''));
    lines.push(row(cells));
  }
  return lines.join('\n');
}

function row(cells: readonly string[]): string {
  return cells
    .map((cell) => cell.padEnd(COLUMN))
    .join(' | ')
    .trimEnd();
}

function describe(access: ObservedAccess): string {
  const { site, operation, addressClass, repeats } = access;
  const where = `#${site.id} ${operation === '' ? '' : `${operation}>`}${site.function}`;
  const more = repeats === 0 ? '' : ` and ${repeats} more`;
  return `${where}: ${addressClass} ${valueText(access)}${more}`;
}

function valueText({ site, before, after }: ObservedAccess): string {
  if (site.bytes === 0) return site.instruction;
  if (!site.stores) return `= ${hex(before)}`;
  return site.loads ? `${hex(before)} -> ${hex(after)}` : `<- ${hex(after)}`;
}

function hex(value: bigint): string {
  return value < 10n ? value.toString() : `0x${value.toString(16)}`;
}
