import { readdirSync, readFileSync } from 'node:fs';
import { readProcessStat } from './process-stat.ts';

function runningProcesses(): Map<number, number> {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const stat = Number.isInteger(pid) ? readProcessStat(pid) : undefined;
    if (stat !== undefined) parents.set(pid, stat.parent);
  }
  return parents;
}

/** A process and all its descendants, as process ids; empty if it does not run. */
export function processTree(root: number): number[] {
  const parents = runningProcesses();
  if (!parents.has(root)) return [];
  const tree = new Set([root]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const [pid, parent] of parents) {
      if (tree.has(parent) && !tree.has(pid)) {
        tree.add(pid);
        grown = true;
      }
    }
  }
  return [...tree];
}

/** The processes whose parent is `pid`. */
export function childrenOf(pid: number): number[] {
  return [...runningProcesses()].filter(([, parent]) => parent === pid).map(([child]) => child);
}

/** The threads of a process; empty if it does not run. */
export function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [];
  }
}

/**
 * The command line of a process, arguments separated by NUL; empty if it does not run. It changes
 * when a launcher becomes its command.
 */
export function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
