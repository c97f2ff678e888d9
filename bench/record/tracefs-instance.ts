import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EnvironmentRefused } from './environment-refused.ts';
import { isRunning, readProcessStat } from './process-stat.ts';
import type { RecordedEvent } from './recorded-events.ts';

/** `xlt-bench.PID.STARTTICKS.ROLE`: who made the instance, so that a dead maker's can be removed. */
const INSTANCE_NAME = /^xlt-bench\.(\d+)\.(\d+)\.[a-z]+$/;
const INITIAL_PID_NAMESPACE = 'pid:[4026531836]';
const REMOVE_ATTEMPTS = 20;
const REMOVE_PAUSE_MS = 50;

/** Events that the ring buffers of one instance could not keep, over all CPUs. */
export interface LostEvents {
  readonly overrun: number;
  readonly commitOverrun: number;
  readonly dropped: number;
}

/** Where tracefs is mounted and usable, or the reason why it is not. */
export type TracefsAccess = { readonly folder: string } | { readonly refusal: string };

/**
 * Looks for a mounted tracefs in which the caller may make instances. It mounts nothing.
 *
 * @param mountTable text of /proc/self/mounts
 * @param pidNamespace what /proc/self/ns/pid points to
 */
export function findTracefs(
  mountTable: string = readFileSync('/proc/self/mounts', 'utf8'),
  pidNamespace: string = readlinkSync('/proc/self/ns/pid'),
): TracefsAccess {
  // Event filters hold kernel-wide pids: from inside a pid namespace they would match other tasks.
  if (pidNamespace !== INITIAL_PID_NAMESPACE) {
    return { refusal: 'this is a container with its own process ids (record from the host)' };
  }
  const mounted = mountTable
    .split('\n')
    .map((line) => line.split(' '))
    .find((fields) => fields[2] === 'tracefs')?.[1];
  // The kernel mounts tracefs inside debugfs by itself at the first access.
  const folder = mounted ?? '/sys/kernel/debug/tracing';
  const instances = join(folder, 'instances');
  try {
    accessSync(instances, constants.W_OK | constants.X_OK);
  } catch {
    if (process.getuid?.() !== 0) return { refusal: 'tracefs is closed to other users than root' };
    if (existsSync(instances)) return { refusal: `${instances} is read-only` };
    return {
      refusal: 'tracefs is not mounted (mount -t tracefs tracefs /sys/kernel/tracing)',
    };
  }
  return { folder };
}

const liveInstances = new Set<TracefsInstance>();
let exitHookInstalled = false;

function removeLiveInstances(): void {
  for (const instance of liveInstances) instance.tryRemove();
}

/**
 * A tracefs instance of its own: ring buffers, filters, clock and options that belong to nobody
 * else. Nothing outside the instance is written. It disappears with `remove`, at the latest when
 * this process exits; if the process is killed, the next recorder removes it by its name.
 */
export class TracefsInstance {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** @throws {EnvironmentRefused} the kernel refuses instances */
  static create(tracefs: string, role: string): TracefsInstance {
    const startTicks = readProcessStat('self')?.startTicks ?? '0';
    const name = `xlt-bench.${process.pid}.${startTicks}.${role}`;
    const folder = join(tracefs, 'instances', name);
    try {
      mkdirSync(folder);
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code;
      throw new EnvironmentRefused(
        `the kernel refuses a tracefs instance: mkdir ${folder}: ${reason}`,
      );
    }
    if (!exitHookInstalled) {
      process.on('exit', removeLiveInstances);
      exitHookInstalled = true;
    }
    const instance = new TracefsInstance(folder);
    liveInstances.add(instance);
    // A new instance is switched on from the start.
    instance.write('tracing_on', '0');
    return instance;
  }

  /** @throws {EnvironmentRefused} the kernel refuses the value */
  write(file: string, value: string): void {
    try {
      writeFileSync(join(this.folder, file), value, { flag: 'a' });
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code;
      throw new EnvironmentRefused(
        `the kernel refuses "${value}" in ${join(this.folder, file)}: ${reason}`,
      );
    }
  }

  read(file: string): string {
    return readFileSync(join(this.folder, file), 'utf8');
  }

  /** Sets clock and options; the clock is CLOCK_MONOTONIC, that of process.hrtime. */
  configure(): void {
    this.write('trace_clock', 'mono');
    this.write('options/event-fork', '1');
    this.write('options/record-tgid', '1');
  }

  /**
   * Switches events on and gives each CPU a ring buffer of `bufferKib`, in this order: a kernel whose
   * buffers share one mark "expanded" (6.1 does) would otherwise leave the idle main buffer at its
   * boot minimum, instead of the size that it announces, for whoever traces next.
   *
   * @returns the names of events that this kernel does not have
   */
  enable(events: readonly RecordedEvent[], bufferKib: number): string[] {
    const missing: string[] = [];
    for (const event of events) {
      if (!existsSync(join(this.folder, 'events', event.name))) {
        missing.push(event.name);
        continue;
      }
      if (event.filter !== undefined) this.write(`events/${event.name}/filter`, event.filter);
      this.write(`events/${event.name}/enable`, '1');
    }
    this.write('buffer_size_kb', String(bufferKib));
    return missing;
  }

  lostEvents(): LostEvents {
    const lost = { overrun: 0, commitOverrun: 0, dropped: 0 };
    for (const cpu of readdirSync(join(this.folder, 'per_cpu'))) {
      const stats = this.read(`per_cpu/${cpu}/stats`);
      const count = (label: string) =>
        Number(new RegExp(`^${label}: (\\d+)`, 'm').exec(stats)?.[1] ?? 0);
      lost.overrun += count('overrun');
      lost.commitOverrun += count('commit overrun');
      lost.dropped += count('dropped events');
    }
    return lost;
  }

  /** One attempt without an exception. @returns false if somebody still holds a file of it open */
  tryRemove(): boolean {
    try {
      if (existsSync(this.folder)) {
        quiet(this.folder);
        rmdirSync(this.folder);
      }
      liveInstances.delete(this);
      return true;
    } catch {
      return false;
    }
  }

  /** @returns false if it is still there, switched off, because another process has a file open */
  async remove(): Promise<boolean> {
    for (let attempt = 0; attempt < REMOVE_ATTEMPTS; attempt++) {
      if (this.tryRemove()) return true;
      await sleep(REMOVE_PAUSE_MS);
    }
    return false;
  }
}

/** Stops an instance; what rmdir does not undo by itself is the task-to-process table's recording. */
function quiet(folder: string): void {
  for (const [file, value] of [
    ['tracing_on', '0'],
    ['events/enable', '0'],
    ['options/record-tgid', '0'],
  ] as const) {
    try {
      writeFileSync(join(folder, file), value, { flag: 'r+' });
    } catch {
      // The instance may be half removed by another recorder; rmdir says what matters.
    }
  }
}

/** Removes instances whose recorder is gone (it was killed). @returns their names */
export function removeStaleInstances(tracefs: string): string[] {
  const removed: string[] = [];
  for (const name of readdirSync(join(tracefs, 'instances'))) {
    const match = INSTANCE_NAME.exec(name);
    if (match === null || isRunning(Number(match[1]), match[2]!)) continue;
    const folder = join(tracefs, 'instances', name);
    try {
      quiet(folder);
      rmdirSync(folder);
      removed.push(name);
    } catch {
      // Its target still runs and has a file of it open; a later recorder tries again.
    }
  }
  return removed;
}
