import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../../results/usage-error.ts';
import { builtStrategies } from '../build/build-c.ts';
import { loadModules } from '../cell/thread-modules.ts';
import { CELL_FLAGS } from '../run/cell-child.ts';
import { resolveStrategy } from '../run/resolve-strategy.ts';
import { checkCaseName } from './case-list.ts';
import type { SuiteSize } from './conformance-case.ts';
import {
  catchOfDeath,
  type ProcessDeath,
  replayCommand,
  type StrategyVerification,
  type VerificationReport,
} from './verification.ts';
import type { VerifyChildMessage, VerifyJob } from './verify-child.ts';

export interface VerifyOptions {
  /** Ids of the manifest or paths of modules; empty = every strategy of the tree. */
  readonly ids: readonly string[];
  readonly failNth: 'off' | 'all';
  readonly deviceErrors: boolean;
  readonly size: SuiteSize;
  readonly seed: number;
  /** Only cases whose name starts with this, or one point of a sweep; without the race. */
  readonly only?: string;
  /** Strategies verified at the same time; default: one a core, four at most. */
  readonly jobs?: number;
  /** A strategy that gives no answer for this long is killed; default by size. */
  readonly timeoutSeconds?: number;
  readonly onProgress?: (progress: VerifyProgress) => void;
  readonly signal?: AbortSignal;
}

export type VerifyProgress =
  | { readonly kind: 'begin'; readonly id: string }
  | { readonly kind: 'end'; readonly verification: StrategyVerification };

const TIMEOUT_SECONDS: Readonly<Record<SuiteSize, number>> = { small: 300, full: 1800 };
const STDERR_KEPT = 2000;
const childFile = fileURLToPath(new URL('./verify-child.js', import.meta.url));

/**
 * Verifies strategies, each in a process of its own: one that traps or loops forever fails alone. The
 * first error ends all of them.
 * @throws UsageError for an unknown id, a module that does not fit the ABI, or a case nobody has
 * @throws Error when `signal` aborts it
 */
export async function verifyStrategies(options: VerifyOptions): Promise<VerificationReport> {
  if (options.only !== undefined) checkCaseName(options.only);
  const words = options.ids.length > 0 ? [...options.ids] : builtStrategies().map(({ id }) => id);
  for (const word of words) {
    const { file } = resolveStrategy(word);
    if (file !== undefined) loadModules({ file });
  }
  const results = await verifyEach(words, options);
  if (options.only !== undefined && results.every(ranNothing)) {
    throw new UsageError(`case "${options.only}": no case or sweep point of that name was run`);
  }
  const failed = results.some(({ verdict }) => verdict === 'failed');
  return {
    size: options.size,
    seed: options.seed,
    verdict: failed ? 'failed' : 'passed',
    strategies: results,
  };
}

async function verifyEach(
  words: readonly string[],
  options: VerifyOptions,
): Promise<StrategyVerification[]> {
  const results: StrategyVerification[] = [];
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, ...(options.signal ? [options.signal] : [])]);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < words.length) {
      if (signal.aborted) throw new Error('interrupted');
      const at = next++;
      options.onProgress?.({ kind: 'begin', id: words[at]! });
      const verification = await verifyInChild(words[at]!, { ...options, signal });
      results[at] = verification;
      options.onProgress?.({ kind: 'end', verification });
    }
  };
  const jobs = options.jobs ?? Math.min(4, availableParallelism());
  try {
    await Promise.all(Array.from({ length: Math.min(jobs, words.length) }, worker));
  } finally {
    stop.abort();
  }
  return results;
}

function ranNothing({
  passed,
  failed,
  excused,
  failNth,
  deviceErrors,
  race,
}: StrategyVerification): boolean {
  const cases = passed + failed.length + excused.length;
  return cases === 0 && failNth === null && deviceErrors === null && race === null;
}

function verifyInChild(strategy: string, options: VerifyOptions): Promise<StrategyVerification> {
  const { size, seed, failNth, deviceErrors, only, signal } = options;
  const request = { size, seed, failNth, deviceErrors, only, race: true };
  const job: VerifyJob = { ...request, strategy, parentPid: process.pid };
  const startMs = performance.now();
  const child = fork(childFile, [], {
    execArgv: [...CELL_FLAGS],
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  child.send(job);
  return new Promise((resolve, reject) => {
    let during: string | null = null;
    let timedOut = false;
    let stderr = '';
    let answer: VerifyChildMessage = {};
    const timeoutSeconds = options.timeoutSeconds ?? TIMEOUT_SECONDS[size];
    const kill = (): void => void child.kill('SIGKILL');
    const timer = setTimeout(() => {
      timedOut = true;
      kill();
    }, timeoutSeconds * 1000);
    signal?.addEventListener('abort', kill, { once: true });
    child.stderr?.on('data', (text: Buffer) => {
      stderr = (stderr + text.toString()).slice(-STDERR_KEPT);
    });
    child.on('message', (received) => {
      const message = received as VerifyChildMessage;
      if (message.progress === undefined) answer = message;
      else during = message.progress;
    });
    child.on('error', reject);
    child.on('close', (code, killedBy) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', kill);
      if (answer.verification !== undefined) return resolve(answer.verification);
      if (answer.usageError !== undefined) return reject(new UsageError(answer.usageError));
      if (signal?.aborted) return reject(new Error('interrupted'));
      const how = killedBy ?? `code ${code}`;
      const said = stderr.split('\n').find((line) => /Error|error/.test(line)) ?? '';
      const message = timedOut
        ? `no answer after ${timeoutSeconds} s, killed (an endless loop?)`
        : `its process ended with ${how}: ${said.trim()}`;
      const tookMs = Math.round(performance.now() - startMs);
      return resolve(broken(strategy, options, { during, timedOut, stderr, message }, tookMs));
    });
  });
}

/** The verdict on a strategy whose process did not answer. */
function broken(
  strategy: string,
  { seed, size }: VerifyOptions,
  death: ProcessDeath,
  tookMs: number,
): StrategyVerification {
  const { entry } = resolveStrategy(strategy);
  const name = death.during ?? 'start';
  const { message } = death;
  const failed = [{ case: name, message, replay: replayCommand(strategy, name, { seed, size }) }];
  const mustBeCaught = entry.kind === 'canary' || entry.kind === 'control';
  const caughtBy = mustBeCaught ? catchOfDeath(death) : null;
  return {
    id: entry.id,
    kind: entry.kind,
    verdict: caughtBy === null ? 'failed' : 'passed',
    seed,
    passed: 0,
    excused: [],
    failed,
    failNth: null,
    deviceErrors: null,
    race: null,
    ...(caughtBy === null ? {} : { caughtBy }),
    tookMs,
  };
}
