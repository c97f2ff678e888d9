import { dirname, resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { resolveBaseline, saveBaseline } from '../../results/baseline-store.ts';
import {
  type CompareOptions,
  compareRuns,
  compareStrategies,
} from '../../results/compare/compare-runs.ts';
import {
  type ComparisonFormat,
  renderComparison,
} from '../../results/compare/render-comparison.ts';
import type { Comparison } from '../../results/comparison.ts';
import { readRun } from '../../results/run-store.ts';
import { UsageError } from '../../results/usage-error.ts';
import { checkedInteger, checkedNumber } from '../checked-option.ts';
import type { CommandContext } from '../command-line.ts';
import { EXIT_GOOD, EXIT_INTERRUPTED } from '../exit-code.ts';
import { withInterruption } from '../interruption.ts';
import { remeasureOffenders } from '../run/remeasure.ts';

interface CompareArguments {
  a: string;
  b?: string | undefined;
  run?: string | undefined;
  baseline?: string | undefined;
  metric?: string[] | undefined;
  threshold?: string[] | undefined;
  allow?: string[] | undefined;
  seed?: string | undefined;
  remeasure: boolean;
  json: boolean;
  markdown: boolean;
  'save-baseline'?: string | undefined;
}

export function compareCommand(context: CommandContext): CommandModule<object, CompareArguments> {
  const words = { type: 'string', array: true, requiresArg: true, nargs: 1 } as const;
  return {
    command: 'compare <a> [b]',
    describe: 'compare two runs, or the strategies of one run',
    builder: (yargs) =>
      yargs
        .positional('a', {
          type: 'string',
          demandOption: true,
          describe: 'run folder, or (with --run) a strategy',
        })
        .positional('b', { type: 'string', describe: 'run folder, or (with --run) a strategy' })
        .option('run', {
          type: 'string',
          requiresArg: true,
          describe: 'run folder in which A and B are strategies',
        })
        .option('baseline', {
          type: 'string',
          requiresArg: true,
          describe: 'strategy all others are compared with (one run), or a saved baseline (no B)',
        })
        .option('save-baseline', {
          type: 'string',
          requiresArg: true,
          describe: 'remember A under a name',
        })
        .option('metric', { ...words, describe: 'metric id (xlt-bench list metrics); repeatable' })
        .option('threshold', { ...words, describe: 'practical threshold, e.g. notifier-p99=0.1' })
        .option('allow', {
          ...words,
          choices: ['machine', 'conditions'],
          describe: 'compare in spite of this difference',
        })
        .option('seed', { type: 'string', requiresArg: true, describe: 'seed of the bootstrap' })
        .option('remeasure', {
          type: 'boolean',
          default: false,
          describe: 'two runs: measure what regressed again; 3 of 4 must agree',
        })
        .option('json', { type: 'boolean', default: false, describe: 'as JSON' })
        .option('markdown', { type: 'boolean', default: false, describe: 'as Markdown' }),
    handler: async (options) => {
      context.exitCode = await compare(options);
    },
  };
}

async function compare(options: CompareArguments): Promise<number> {
  if (options.json && options.markdown) {
    throw new UsageError('compare: --json and --markdown exclude each other');
  }
  if (options.baseline !== undefined && (options.b ?? options.run) !== undefined) {
    throw new UsageError('compare: --baseline goes with one run; leave out B and --run, or it');
  }
  const how = compareOptions(options);
  const name = options['save-baseline'];
  if (name !== undefined && options.b === undefined && options.baseline === undefined) {
    if (options.remeasure) throw new UsageError(REMEASURES_TWO_RUNS);
    saveBaseline(runRoot(options.a), name, options.a);
    process.stdout.write(`baseline ${name}: ${options.a}\n`);
    return EXIT_GOOD;
  }
  const comparison = await choose(options, how);
  if (comparison === null) {
    process.stderr.write('xlt-bench: interrupted\n');
    return EXIT_INTERRUPTED;
  }
  // Last, so that a line that is refused moves no baseline.
  if (name !== undefined) saveBaseline(runRoot(options.a), name, options.a);
  const format: ComparisonFormat = options.json ? 'json' : options.markdown ? 'markdown' : 'text';
  process.stdout.write(renderComparison(comparison, format));
  return comparison.conclusion.exitCode;
}

const REMEASURES_TWO_RUNS =
  'compare --remeasure: expected two runs, A and B, or A and a saved baseline';

/** Saved baselines stand beside the runs. */
function runRoot(folder: string): string {
  return dirname(resolve(folder));
}

/** @returns null when a repetition was interrupted */
async function choose(options: CompareArguments, how: CompareOptions): Promise<Comparison | null> {
  const { a, b, run, baseline, remeasure } = options;
  if (run !== undefined) {
    if (remeasure) throw new UsageError(REMEASURES_TWO_RUNS);
    if (b === undefined) throw new UsageError('compare --run: expected two strategies, A and B');
    return compareStrategies(readRun(run), a, [b], how);
  }
  if (b !== undefined) return compareFolders(a, b, options, how);
  if (baseline === undefined) {
    throw new UsageError(
      'compare: expected a second run, --baseline STRATEGY (others of the run are compared with it) or --baseline NAME',
    );
  }
  const stored = readRun(a);
  if (stored.records.some(({ strategy }) => strategy === baseline.split(' ')[0])) {
    if (remeasure) throw new UsageError(REMEASURES_TWO_RUNS);
    return compareStrategies(stored, baseline, undefined, how);
  }
  return compareFolders(resolveBaseline(runRoot(a), baseline), a, options, how);
}

async function compareFolders(
  before: string,
  after: string,
  { remeasure }: CompareArguments,
  how: CompareOptions,
): Promise<Comparison | null> {
  const runs = [readRun(before), readRun(after)] as const;
  const first = compareRuns(...runs, how);
  if (!remeasure) return first;
  return withInterruption((signal) => remeasureOffenders(...runs, first, how, signal));
}

function compareOptions({ metric, threshold, allow, seed }: CompareArguments): CompareOptions {
  const thresholds = (threshold ?? []).map((text): [string, number] => {
    const [id = '', value = '', ...rest] = text.split('=');
    if (rest.length > 0) throw new UsageError(`--threshold ${text}: expected METRIC=NUMBER`);
    return [id, checkedNumber(`--threshold ${id}`, value, 0, 10)];
  });
  return {
    metrics: metric,
    thresholds: Object.fromEntries(thresholds),
    allow: allow as ('machine' | 'conditions')[] | undefined,
    seed: seed === undefined ? undefined : checkedInteger('--seed', seed, 0, 2 ** 32 - 1),
  };
}
