// Entry of a verification's own process: gets one strategy from its parent, answers with what it found.
import { Worker } from 'node:worker_threads';
import { UsageError } from '../../results/usage-error.ts';
import { resolveStrategy } from '../run/resolve-strategy.ts';
import type { StrategyVerification } from './verification.ts';
import { type VerifyRequest, verifyStrategy } from './verify-strategy.ts';

export interface VerifyJob extends VerifyRequest {
  /** Id of the manifest, or the path of a module. */
  readonly strategy: string;
  /** Process that asks; without it nobody needs the answer. */
  readonly parentPid: number;
}

export interface VerifyChildMessage {
  /** The case that begins now. */
  readonly progress?: string;
  readonly verification?: StrategyVerification;
  /** The user's input is at fault: the run ends with this line. */
  readonly usageError?: string;
}

process.once('message', (job: unknown) => {
  const { strategy, parentPid, ...request } = job as VerifyJob;
  new Worker(new URL('./parent-watch.js', import.meta.url), { workerData: parentPid }).unref();
  const say = (message: VerifyChildMessage): void => void process.send?.(message);
  Promise.resolve()
    .then(() => verifyStrategy(resolveStrategy(strategy), request, (progress) => say({ progress })))
    .then(
      (verification) => say({ verification }),
      (error: unknown) => {
        if (!(error instanceof UsageError)) throw error;
        say({ usageError: error.message });
      },
    )
    .then(() => process.disconnect());
});
