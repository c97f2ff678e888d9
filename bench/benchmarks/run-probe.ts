import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CELL_FLAGS } from '../run/cell-child.ts';
import type { ProbeFigures, ProbeName } from './probe.ts';

const entryFile = fileURLToPath(new URL('./probe-process.js', import.meta.url));
const PROBE_LIMIT_MS = 300_000;

/** Runs one probe in a process of its own. @throws Error when it dies or does not answer in time */
export function runProbe(name: ProbeName): Promise<ProbeFigures> {
  const child = fork(entryFile, [name], { execArgv: [...CELL_FLAGS] });
  return new Promise((resolve, reject) => {
    let figures: ProbeFigures | null = null;
    const timer = setTimeout(() => child.kill('SIGKILL'), PROBE_LIMIT_MS);
    child.on('message', (message) => {
      figures = message as ProbeFigures;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (figures !== null) resolve(figures);
      else reject(new Error(`probe ${name} ended with ${signal ?? `code ${code}`} and no answer`));
    });
  });
}
