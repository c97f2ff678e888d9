import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { UsageError } from './usage-error.ts';

/** What a command may do with the file it is told to write. */
export interface OutputRules {
  /** Its option, e.g. '--out'. */
  readonly option: string;
  /** Files the command reads; the output is never one of them. */
  readonly inputs: readonly string[];
  /** Whether a file that is there may be replaced. */
  readonly replace: boolean;
  /** What lets it be replaced, if anything does, e.g. ' or --force'. */
  readonly otherwise?: string;
}

/** Nothing but `run` makes them, and nobody can make them again. */
const RUN_FILES = ['plan.json', 'cells.ndjson', 'host.json', 'cells.damaged.ndjson'];

/** @throws UsageError for the empty name a script's unset variable leaves */
export function refuseEmptyPath(option: string, path: string | undefined, kind: string): void {
  if (path === '') throw new UsageError(`${option}: expected a ${kind} name`);
}

/**
 * Looks at the file that a command is to write, before the command begins.
 * @throws UsageError for a file of a run, an input, no plain file, or one that may not be replaced
 */
export function checkOutputFile(path: string, rules: OutputRules): void {
  refuseEmptyPath(rules.option, path, 'file');
  if (!existsSync(path)) return;
  const there = statSync(path);
  if (there.isDirectory()) throw new UsageError(`${path}: cannot be written: it is a folder`);
  if (!there.isFile()) throw new UsageError(`${path}: cannot be written: it is no plain file`);
  const real = realpathSync(path);
  if (rules.inputs.some((input) => realPath(input) === real)) {
    throw new UsageError(`${path}: input and output are the same file, expected another name`);
  }
  if ([path, real].some((name) => RUN_FILES.includes(basename(name)))) {
    throw new UsageError(`${path}: is a run's record, which is never replaced`);
  }
  if (rules.replace) return;
  throw new UsageError(`${path}: exists already, expected another name${rules.otherwise ?? ''}`);
}

/** undefined for what is no file, e.g. the name of a bundled recording. */
function realPath(path: string): string | undefined {
  return existsSync(path) ? realpathSync(path) : undefined;
}
