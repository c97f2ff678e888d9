/** The fields of a record or planned cell that its names are made from. */
export interface CellNames {
  readonly strategy: string;
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  readonly alias?: string | null | undefined;
  readonly workload: string;
  readonly workloadParams?: Readonly<Record<string, unknown>> | undefined;
  readonly pressure?: string | null | undefined;
  readonly variant?: string | null | undefined;
  readonly device: { readonly profile: string };
  readonly mode: string;
  readonly fork: number;
}

function withParams(name: string, params: Readonly<Record<string, unknown>> | undefined): string {
  const pairs = Object.entries(params ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${typeof value === 'object' ? digest(value) : value}`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}

/** Stands for a value too long for a name (a fitted model); the record holds the value itself. */
function digest(value: unknown): string {
  let hash = 0x811c9dc5;
  for (const char of JSON.stringify(value)) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  return `#${(hash >>> 0).toString(16).padStart(8, '0')}`;
}

/** `deposit`, `deposit{batch=4}` or the alias: the name a strategy has in tables. */
export function strategyLabel(cell: Pick<CellNames, 'strategy' | 'params' | 'alias'>): string {
  return cell.alias ?? withParams(cell.strategy, cell.params);
}

/** `redis-bgsave`, `storm{regions=1000}`: the name a workload has in tables. */
export function workloadLabel(cell: Pick<CellNames, 'workload' | 'workloadParams'>): string {
  return withParams(cell.workload, cell.workloadParams);
}

/** Everything but strategy and fork: cells of one scenario may be compared with each other. */
export function scenarioKey(cell: CellNames): string {
  const parts = [workloadLabel(cell), cell.device.profile, cell.mode];
  for (const part of [cell.pressure, cell.variant]) {
    if (part !== null && part !== undefined) parts.push(part);
  }
  return parts.join('|');
}

/** Everything but the fork: the replicates of one series differ in nothing else. */
export function seriesKey(cell: CellNames): string {
  return `${strategyLabel(cell)}|${scenarioKey(cell)}`;
}

/** A readable cell id, here with its fork: `deposit|redis-bgsave|mlx5-odp|storm#0`. */
export function cellIdOf(cell: CellNames): string {
  return `${seriesKey(cell)}#${cell.fork}`;
}

/** What a run may hold one record of: a cell and its fork. */
export function replicateKey(cell: { readonly cellId: string; readonly fork: number }): string {
  return `${cell.cellId} fork ${cell.fork}`;
}
