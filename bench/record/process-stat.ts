import { readFileSync } from 'node:fs';

/** The fields of /proc/PID/stat that the recorder needs (proc_pid_stat(5)). */
export interface ProcessStat {
  readonly state: string;
  readonly parent: number;
  readonly processGroup: number;
  readonly terminal: number;
  readonly foregroundGroup: number;
  /** Clock ticks since boot: with the pid it names one process, even after the pid is reused. */
  readonly startTicks: string;
}

/** @returns undefined if there is no such process */
export function readProcessStat(pid: number | 'self'): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The command name is in parentheses and may itself hold blanks and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    state: fields[0] ?? '',
    parent: Number(fields[1]),
    processGroup: Number(fields[2]),
    terminal: Number(fields[4]),
    foregroundGroup: Number(fields[5]),
    startTicks: fields[19] ?? '',
  };
}

/** True while the process named by pid and start time exists and is not a zombie. */
export function isRunning(pid: number, startTicks: string): boolean {
  const stat = readProcessStat(pid);
  return stat !== undefined && stat.startTicks === startTicks && !'ZX'.includes(stat.state);
}
