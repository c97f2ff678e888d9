import { createHash } from 'node:crypto';
import type { Cell } from './cell.ts';

/** Everything of a cell that decides what is measured. */
export type CellSettings = Omit<Cell, 'cellId' | 'fork' | 'seed'>;

/** The last part of a path without its extension, in the characters of a cell id. */
function slug(text: string): string {
  const base = text
    .split(/[/\\]/)
    .at(-1)!
    .replace(/\.(wasm|xlt|ya?ml)$/, '');
  return base
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/^[._-]+|[._-]+$/g, '')
    .slice(0, 40);
}

function paramsSlug(params: Readonly<Record<string, unknown>>): string {
  return Object.entries(params)
    .map(([name, value]) => `~${slug(typeof value === 'object' ? name : `${name}${value}`)}`)
    .join('');
}

/** Only what differs from a plain cell, so that ids stay short. */
function extras(cell: CellSettings): string[] {
  const { profile } = cell.memory;
  return [...sweptParts(cell), ...(profile === 'plenty' ? [] : [profile])];
}

/** What a sweep varies beside strategy, workload, device, mode and memory; empty for a plain cell. */
export function sweptParts(
  cell: Pick<
    CellSettings,
    'pace' | 'deviceThreads' | 'stormThreads' | 'laps' | 'operations' | 'teardown' | 'inject'
  >,
): string[] {
  const parts: string[] = [];
  const { pace, deviceThreads, stormThreads, laps, operations, teardown, inject } = cell;
  if (pace.kind === 'asap') parts.push('asap');
  if (pace.kind === 'compressed') parts.push(`x${pace.factor}`);
  if (pace.kind === 'rate') parts.push(`${pace.perSecond}ps`);
  if (deviceThreads !== 1 || stormThreads !== 1) parts.push(`d${deviceThreads}s${stormThreads}`);
  if (laps !== undefined) parts.push(`laps${laps}`);
  if (operations !== undefined) parts.push(`${operations.length}rows`);
  if (teardown !== undefined) parts.push(`teardown-${teardown.policy}`);
  if (inject !== undefined) parts.push('inject');
  return parts;
}

/** JSON with sorted keys: the same settings give the same text. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, part]) => `${JSON.stringify(key)}:${canonical(part)}`);
  return `{${entries.join(',')}}`;
}

/** A readable name of the settings, ending in eight hex digits of their SHA-256. */
export function cellIdOf(cell: CellSettings): string {
  const hash = createHash('sha256').update(canonical(cell)).digest('hex').slice(0, 8);
  const parts = [
    `${slug(cell.strategy)}${paramsSlug(cell.params)}`,
    `${slug(cell.workload.id)}${paramsSlug(cell.workload.params)}`,
    slug(cell.device),
    cell.mode,
    ...extras(cell),
  ];
  return `${parts.join('.').toLowerCase().slice(0, 190)}-${hash}`;
}
