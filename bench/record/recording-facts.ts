import { readFileSync } from 'node:fs';
import { cpus, machine, release } from 'node:os';
import type { LostEvents } from './tracefs-instance.ts';

const AUXV_PAGE_SIZE = 6;

/** Which text of a recording a file holds. */
export const RECORDING_PARTS = ['target', 'kernel-threads', 'start-pages', 'end-pages'] as const;
export type RecordingPart = (typeof RECORDING_PARTS)[number];

/** What a recording's header says of how it was made; docs/recording.md explains each. */
export interface RecordingFacts {
  readonly version: 1;
  readonly recorder: 'tracefs' | 'strace';
  readonly command?: readonly string[];
  /** The command's process, or the one that was attached to. */
  readonly pid: number;
  readonly kernel: string;
  readonly machine: string;
  readonly cpus: number;
  readonly pageBytes: number;
  /** Clock of every time in the text: CLOCK_MONOTONIC for tracefs, CLOCK_REALTIME for strace. */
  readonly clock: 'monotonic' | 'realtime';
  readonly startSeconds: number;
  readonly stopSeconds: number;
  /** `true`: the notifier's ranges are in the text. `derived`: they must be derived from calls. */
  readonly ranges: 'true' | 'derived';
  /** Why ranges are derived. */
  readonly rangesMissing?: string;
  readonly rangeEvents: number;
  readonly kernelThreadRangeEvents?: number;
  /** The command owned an empty KVM VM made by the preloaded library. */
  readonly shim: boolean;
  readonly events?: readonly string[];
  /** Asked for, but unknown to this kernel. */
  readonly missingEvents?: readonly string[];
  readonly lost?: LostEvents;
  /** All files of the recording, beside each other. */
  readonly files: readonly string[];
  readonly exitCode?: number;
  readonly signal?: string;
  readonly startPages?: SnapshotFacts;
  readonly endPages?: SnapshotFacts;
}

/** What was read, or why it could not be. */
export type SnapshotFacts =
  | {
      readonly presentPages: number;
      readonly skippedBytes: number;
      readonly physical: boolean;
      readonly tookNs: number;
    }
  | { readonly missing: string };

/** AT_PAGESZ of the auxiliary vector (getauxval(3)). */
export function pageBytes(): number {
  const vector = readFileSync('/proc/self/auxv');
  for (let at = 0; at + 16 <= vector.length; at += 16) {
    if (vector.readBigUInt64LE(at) === BigInt(AUXV_PAGE_SIZE)) {
      return Number(vector.readBigUInt64LE(at + 8));
    }
  }
  return 4096;
}

/** The facts that are the same for every recording on this machine. */
export function machineFacts() {
  return {
    version: 1,
    kernel: release(),
    machine: machine(),
    cpus: cpus().length,
    pageBytes: pageBytes(),
  } as const;
}

/** The comment line that begins each file of a recording. */
export function formatFacts(part: RecordingPart, facts: RecordingFacts): string {
  return `# xlt-bench record: ${JSON.stringify({ part, ...facts })}\n`;
}
