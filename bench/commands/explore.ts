import type { CommandModule } from 'yargs';
import { UsageError } from '../../results/usage-error.ts';
import { manifest } from '../../strategies/manifest.ts';
import { builtStrategies } from '../build/build-c.ts';
import { checkedInteger, checkedPositive } from '../checked-option.ts';
import type { CommandContext } from '../command-line.ts';
import { EXIT_FAILED, EXIT_GOOD, EXIT_INCONCLUSIVE, EXIT_INTERRUPTED } from '../exit-code.ts';
import { explorationVerdict } from '../explore/exploration-verdict.ts';
import { type ExplorationReport, explore } from '../explore/explore.ts';
import { renderExploration } from '../explore/render-exploration.ts';
import { replaySchedule } from '../explore/replay-schedule.ts';
import type { SchedulerKind } from '../explore/seed-token.ts';
import { withInterruption } from '../interruption.ts';
import { resolveStrategy } from '../run/resolve-strategy.ts';

interface ExploreArguments {
  strategies?: string[] | undefined;
  scenario?: string[] | undefined;
  schedules: string;
  seed: string;
  scheduler: SchedulerKind;
  minutes?: string | undefined;
  conformance: boolean;
  replay?: string | undefined;
  json: boolean;
}

export function exploreCommand(context: CommandContext): CommandModule<object, ExploreArguments> {
  return {
    command: 'explore [strategies..]',
    describe: 'search the interleavings of a strategy, the core and the driver for races',
    builder: (yargs) =>
      yargs
        .positional('strategies', {
          type: 'string',
          array: true,
          describe: 'ids or paths of .wasm files (default: all)',
        })
        .option('scenario', {
          type: 'string',
          array: true,
          requiresArg: true,
          nargs: 1,
          describe: 'scenario; repeatable (default: all)',
        })
        .option('schedules', {
          type: 'string',
          default: '2000',
          requiresArg: true,
          describe: 'schedules of each scenario',
        })
        .option('seed', { type: 'string', default: '1', requiresArg: true, describe: 'base seed' })
        .option('scheduler', {
          choices: ['random', 'pct'] as const,
          default: 'random' as const,
          describe: 'how the next thread is chosen',
        })
        .option('minutes', {
          type: 'string',
          requiresArg: true,
          describe: 'go on in rounds of up to --schedules, and stop after this long',
        })
        .option('conformance', {
          type: 'boolean',
          default: true,
          describe:
            "count as covered what verify's cases and sweeps access, too (about 1 s a strategy)",
        })
        .option('replay', {
          type: 'string',
          requiresArg: true,
          describe: 'print the interleaving of a failing seed (one strategy)',
        })
        .option('json', { type: 'boolean', default: false, describe: 'as JSON' }),
    handler: async (options) => {
      const { replay: seed, strategies } = options;
      context.exitCode =
        seed === undefined
          ? await withInterruption((signal) => run(options, signal))
          : await replay(strategies ?? [], seed);
    },
  };
}

async function run(options: ExploreArguments, signal: AbortSignal): Promise<number> {
  const words = options.strategies ?? [];
  const floor = manifest.filter(({ kind }) => kind === 'floor').map(({ id }) => id);
  const ids =
    words.length > 0
      ? words
      : builtStrategies()
          .map(({ id }) => id)
          .filter((id) => !floor.includes(id));
  const { minutes } = options;
  const report = await explore({
    strategies: ids.map((id) => resolveStrategy(id)),
    scenarios: options.scenario ?? [],
    schedules: checkedInteger('--schedules', options.schedules, 1, 100_000_000),
    seed: checkedInteger('--seed', options.seed, 0, 2 ** 32 - 1),
    scheduler: options.scheduler,
    minutes: minutes === undefined ? undefined : checkedPositive('--minutes', minutes, 10_080),
    conformance: options.conformance,
    signal,
    onProgress: (strategy, scenario) => {
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${strategy} ${scenario.name}`);
    },
  });
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K');
  const text = options.json ? JSON.stringify(report, null, 2) : renderExploration(report);
  process.stdout.write(`${text}\n`);
  if (!signal.aborted) return exitCodeOf(report);
  process.stderr.write('xlt-bench: interrupted; the report is of what was explored until then\n');
  return EXIT_INTERRUPTED;
}

function exitCodeOf({ strategies }: ExplorationReport): number {
  const verdicts = strategies.map(explorationVerdict);
  if (verdicts.includes('NOT as expected')) return EXIT_FAILED;
  return verdicts.includes('undecided') ? EXIT_INCONCLUSIVE : EXIT_GOOD;
}

async function replay(words: readonly string[], seed: string): Promise<number> {
  const [word] = words;
  if (word === undefined || words.length > 1) {
    throw new UsageError('explore --replay: expected the one strategy that the seed belongs to');
  }
  const { text, fault } = await replaySchedule({ strategy: resolveStrategy(word), seed });
  process.stdout.write(`${text}\n`);
  return fault === null ? EXIT_GOOD : EXIT_FAILED;
}
