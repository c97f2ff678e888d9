import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { hdrTextOf } from '../../results/hdr-text.ts';
import { UsageError } from '../../results/usage-error.ts';
import type { CellProcessMessage, CellRequest } from '../cell/cell-process.ts';
import type { CellFigures, CellHistograms } from '../cell/cell-report.ts';
import { deviceCostsOf } from '../devices/device-costs.ts';
import { findDevice } from '../devices/find-device.ts';
import type { Cell } from '../suites/cell.ts';
import { resolveStrategy } from './resolve-strategy.ts';

/**
 * Flags of a cell's process. A wasm loop never leaves the baseline compiler until it returns, and a
 * function compiled at its first call would be a millisecond in somebody's maximum.
 */
export const CELL_FLAGS: readonly string[] = [
  '--no-liftoff',
  '--no-wasm-lazy-compilation',
  '--no-warnings',
];

const entryFile = fileURLToPath(new URL('../cell/cell-process.js', import.meta.url));
const STDERR_KEPT = 2000;

/**
 * Runs one cell in a process of its own and waits for its figures. A process that dies or does not
 * answer in time yields the verdict `crashed` or `timeout`; nothing of it is left running.
 * @throws UsageError when the cell's own input is at fault
 */
export function runCellProcess(
  cell: Cell,
  traceFile: string,
  signal: AbortSignal,
): Promise<CellFigures> {
  const startedAt = new Date().toISOString();
  const device = deviceCostsOf(findDevice(cell.device));
  const strategy = resolveStrategy(cell.strategy);
  const request: CellRequest = { cell, strategy, device, traceFile };
  const child = fork(entryFile, [], {
    execArgv: [...CELL_FLAGS],
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  child.send(request);
  return new Promise((resolve, reject) => {
    let stderr = '';
    let message: CellProcessMessage | undefined;
    let timedOut = false;
    child.stderr?.on('data', (text: Buffer) => {
      stderr = (stderr + text.toString()).slice(-STDERR_KEPT);
    });
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, cell.timeoutSeconds * 1000);
    const abort = (): void => {
      child.kill('SIGKILL');
    };
    signal.addEventListener('abort', abort, { once: true });
    child.on('message', (received) => {
      message = received as CellProcessMessage;
    });
    child.on('error', reject);
    child.on('close', (code, killedBy) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      if (message?.figures) resolve(withHdr(message.figures, message.histograms));
      else if (message?.usageError) reject(new UsageError(message.usageError));
      else if (signal.aborted) reject(new Error('interrupted'));
      else resolve(failure(cell, startedAt, ending(child, timedOut, cell, code, killedBy, stderr)));
    });
  });
}

/** The figures with the distributions of their latencies as a record stores them. */
function withHdr(figures: CellFigures, histograms?: CellHistograms): CellFigures {
  if (histograms === undefined) return figures;
  const latency = { ...figures.latency };
  for (const name of ['notifier', 'notifierService', 'fault', 'teardown'] as const) {
    latency[name] = { ...latency[name], hdr: hdrTextOf(histograms[name]) };
  }
  return { ...figures, latency };
}

interface Ending {
  readonly verdict: 'crashed' | 'timeout';
  readonly reason: string;
}

function ending(
  child: ChildProcess,
  timedOut: boolean,
  cell: Cell,
  code: number | null,
  killedBy: string | null,
  stderr: string,
): Ending {
  if (timedOut) {
    const reason = `no result after ${cell.timeoutSeconds} s; process ${child.pid} was killed`;
    return { verdict: 'timeout', reason };
  }
  const how = killedBy === null ? `ended with code ${code}` : `was killed by ${killedBy}`;
  const said = stderr.split('\n').find((line) => /Error|error/.test(line));
  return {
    verdict: 'crashed',
    reason: `the cell's process ${how}${said ? `: ${said.trim()}` : ''}`,
  };
}

function failure(cell: Cell, startedAt: string, { verdict, reason }: Ending): CellFigures {
  const endedAt = new Date().toISOString();
  return { verdict, reason, startedAt, endedAt, device: { profile: cell.device } };
}
