import type { LoadSnapshot } from '../../results/host-fingerprint.ts';
import { controlGroup, type SystemFiles, systemFiles } from './system-files.ts';

/** Columns of /proc/stat's first line after "cpu" (proc(5)). */
const IDLE_COLUMNS = [3, 4];
const STEAL_COLUMN = 7;
const COUNTED_COLUMNS = 8;

/** Total of PSI's "some" line, microseconds since boot. */
function pressureUs(files: SystemFiles, resource: string): number | null {
  const total = /^some .*total=(\d+)/m.exec(files(`/proc/pressure/${resource}`) ?? '')?.[1];
  return total === undefined ? null : Number(total);
}

/** Version 2 counts in microseconds, version 1 in nanoseconds. */
function throttledNs(files: SystemFiles): number | null {
  const stat = controlGroup(files).read('cpu', 'cpu.stat') ?? '';
  const us = /^throttled_usec (\d+)/m.exec(stat)?.[1];
  if (us !== undefined) return Number(us) * 1000;
  const ns = /^throttled_time (\d+)/m.exec(stat)?.[1];
  return ns === undefined ? null : Number(ns);
}

/** The machine's counters of this moment; what the system does not expose is null. */
export function takeLoadSnapshot(
  files: SystemFiles = systemFiles,
  timeMs: number = Date.now(),
): LoadSnapshot {
  const ticks = /^cpu +(.*)/m
    .exec(files('/proc/stat') ?? '')?.[1]
    ?.split(' ')
    .map(Number);
  const total = ticks?.slice(0, COUNTED_COLUMNS).reduce((sum, count) => sum + count, 0);
  const idle = IDLE_COLUMNS.reduce((sum, column) => sum + (ticks?.[column] ?? 0), 0);
  const load = files('/proc/loadavg')?.split(' ').slice(0, 3).map(Number);
  const mhz = [...(files('/proc/cpuinfo') ?? '').matchAll(/^cpu MHz\s*: ([\d.]+)/gm)].map(
    ([, value]) => Number(value),
  );
  return {
    timeMs,
    loadAverage: load?.length === 3 ? (load as [number, number, number]) : null,
    busyTicks: total === undefined ? null : total - idle,
    totalTicks: total ?? null,
    stealTicks: ticks?.[STEAL_COLUMN] ?? null,
    cpuPressureUs: pressureUs(files, 'cpu'),
    memoryPressureUs: pressureUs(files, 'memory'),
    ioPressureUs: pressureUs(files, 'io'),
    throttledNs: throttledNs(files),
    cpuMhzMin: mhz.length === 0 ? null : Math.min(...mhz),
    cpuMhzMax: mhz.length === 0 ? null : Math.max(...mhz),
  };
}

/** What happened between two snapshots; names as in a record's `host`. */
export interface LoadBetween {
  readonly stealShare: number | null;
  readonly throttledNs: number | null;
  /** The one-minute average at the end. */
  readonly loadAverage: number | null;
  readonly cpuPressureShare: number | null;
}

function since(before: number | null, after: number | null): number | null {
  return before === null || after === null ? null : Math.max(0, after - before);
}

export function loadBetween(before: LoadSnapshot, after: LoadSnapshot): LoadBetween {
  const share = (part: number | null, whole: number | null): number | null =>
    part === null || whole === null || whole === 0 ? null : Math.min(1, part / whole);
  const elapsedUs = (after.timeMs - before.timeMs) * 1000;
  return {
    stealShare: share(
      since(before.stealTicks, after.stealTicks),
      since(before.totalTicks, after.totalTicks),
    ),
    throttledNs: since(before.throttledNs, after.throttledNs),
    loadAverage: after.loadAverage?.[0] ?? null,
    cpuPressureShare: share(since(before.cpuPressureUs, after.cpuPressureUs), elapsedUs),
  };
}
