import { UsageError } from '../../results/usage-error.ts';
import type { SpaceFacts, TraceMetadata } from './trace-metadata.ts';

/**
 * The space of a process: by pid, by name (comm), or the one with the most ranges. A process has
 * several spaces when it execs; the one with the most ranges is taken.
 * @throws UsageError that names the processes there are, or says that there is none
 */
export function selectSpace(metadata: TraceMetadata, process?: string): SpaceFacts {
  const spaces = metadata.spaces.filter(
    (space) => process === undefined || space.comm === process || String(space.pid) === process,
  );
  spaces.sort((left, right) => weight(right) - weight(left));
  const best = spaces[0];
  if (best) return best;
  const source = metadata.sources.map(({ name }) => name).join(' + ');
  if (process === undefined) throw new UsageError(`${source}: holds no process with memory events`);
  const names = [...new Set(metadata.spaces.map((space) => space.comm))].slice(0, 8).join(', ');
  throw new UsageError(`${source}: no process "${process}", expected a pid or one of: ${names}`);
}

/** The kernel's own ranges before concluded ones, and both before spaces without any. */
function weight(space: SpaceFacts): number {
  return space.ranges * 1e9 + space.derivedRanges + space.faults * 1e-9;
}
