import type { CommandModule } from 'yargs';
import { checkedInteger, checkedNumber } from '../checked-option.ts';
import type { CommandContext } from '../command-line.ts';
import { renderVerification } from '../conformance/render-verification.ts';
import { type VerifyOptions, verifyStrategies } from '../conformance/verify-strategies.ts';
import { EXIT_FAILED, EXIT_GOOD, EXIT_INTERRUPTED } from '../exit-code.ts';
import { withInterruption } from '../interruption.ts';

interface VerifyArguments {
  strategies?: string[] | undefined;
  'fail-nth': 'off' | 'all';
  'device-errors': boolean;
  size: 'small' | 'full';
  case?: string | undefined;
  seed: string;
  jobs?: string | undefined;
  timeout?: string | undefined;
  json: boolean;
}

export function verifyCommand(context: CommandContext): CommandModule<object, VerifyArguments> {
  return {
    command: 'verify [strategies..]',
    describe: 'prove strategies correct: model, kernel test cases, claims, failure sweeps, races',
    builder: (yargs) =>
      yargs
        .positional('strategies', {
          type: 'string',
          array: true,
          describe: 'ids or paths of .wasm files (default: all)',
        })
        .option('fail-nth', {
          choices: ['off', 'all'] as const,
          default: 'all' as const,
          describe: 'fail the 1st, 2nd, 3rd ... allocation of the scenarios',
        })
        .option('device-errors', {
          type: 'boolean',
          default: true,
          describe: 'fail each device command, and let the device die at each',
        })
        .option('size', {
          choices: ['small', 'full'] as const,
          default: 'small' as const,
          describe: 'full: all sequences up to length 5, long random runs',
        })
        .option('case', { type: 'string', requiresArg: true, describe: 'only cases of this name' })
        .option('seed', { type: 'string', default: '1', requiresArg: true, describe: 'seed' })
        .option('jobs', { type: 'string', requiresArg: true, describe: 'strategies at a time' })
        .option('timeout', {
          type: 'string',
          requiresArg: true,
          describe: 'seconds without an answer after which a strategy is killed',
        })
        .option('json', { type: 'boolean', default: false, describe: 'as JSON' }),
    handler: async (options) => {
      context.exitCode = await withInterruption((signal) => verify(options, signal));
    },
  };
}

async function verify(options: VerifyArguments, signal: AbortSignal): Promise<number> {
  try {
    const report = await verifyStrategies(verifyOptions(options, signal));
    const text = options.json ? JSON.stringify(report, null, 2) : renderVerification(report);
    process.stdout.write(`${text}\n`);
    return report.verdict === 'passed' ? EXIT_GOOD : EXIT_FAILED;
  } catch (error) {
    if (!signal.aborted) throw error;
    process.stderr.write('xlt-bench: interrupted\n');
    return EXIT_INTERRUPTED;
  }
}

function verifyOptions(options: VerifyArguments, signal: AbortSignal): VerifyOptions {
  const { jobs, timeout } = options;
  return {
    signal,
    ids: options.strategies ?? [],
    failNth: options['fail-nth'],
    deviceErrors: options['device-errors'],
    size: options.size,
    seed: checkedInteger('--seed', options.seed, 0, 2 ** 32 - 1),
    ...(options.case === undefined ? {} : { only: options.case }),
    ...(jobs === undefined ? {} : { jobs: checkedInteger('--jobs', jobs, 1, 64) }),
    ...(timeout === undefined
      ? {}
      : { timeoutSeconds: checkedNumber('--timeout', timeout, 1, 86_400) }),
    onProgress: (progress) => {
      if (progress.kind !== 'end') return;
      const { id, verdict, tookMs } = progress.verification;
      process.stderr.write(`${id}: ${verdict} (${(tookMs / 1000).toFixed(1)} s)\n`);
    },
  };
}
