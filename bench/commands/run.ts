import { randomInt } from 'node:crypto';
import { join, relative } from 'node:path';
import type { CommandModule } from 'yargs';
import { writeReport } from '../../reports/write-report.ts';
import { nearestName } from '../../results/nearest-name.ts';
import { refuseEmptyPath } from '../../results/output-file.ts';
import { shellWord } from '../../results/rerun-command.ts';
import { MIN_FORKS } from '../../results/statistics/forks-needed.ts';
import { UsageError } from '../../results/usage-error.ts';
import { parseInjectRule } from '../cell/inject-rule.ts';
import { loadModules } from '../cell/thread-modules.ts';
import { checkedInteger, checkedNumber, checkedPositive } from '../checked-option.ts';
import type { CommandContext } from '../command-line.ts';
import { EXIT_FAILED, EXIT_GOOD, EXIT_INTERRUPTED } from '../exit-code.ts';
import { withInterruption } from '../interruption.ts';
import { FORKS_PER_SERIES, ForkExtension, type ForkGoal } from '../run/fork-extension.ts';
import { type ResolvedStrategy, resolveStrategy } from '../run/resolve-strategy.ts';
import { runSuite, type SuiteResult } from '../run/run-suite.ts';
import { summariseRun } from '../run/run-summary.ts';
import { planContext, planOfRun, type RunnablePlan } from '../run/stored-plan.ts';
import { checkStrategyParams } from '../run/strategy-params.ts';
import type { CellMode } from '../suites/cell.ts';
import { CELL_MODES } from '../suites/cell.ts';
import { findSuite } from '../suites/find-suite.ts';
import { narrowSuite } from '../suites/narrow-suite.ts';
import { overrideSuite } from '../suites/override-suite.ts';
import { type Plan, planSuite } from '../suites/plan.ts';

interface RunOptions {
  suite?: string | undefined;
  strategy?: string[] | undefined;
  workload?: string[] | undefined;
  device?: string[] | undefined;
  mode?: string[] | undefined;
  forks?: string | undefined;
  width?: string | undefined;
  metric?: string | undefined;
  'budget-minutes'?: string | undefined;
  seed?: string | undefined;
  set?: string[] | undefined;
  inject?: string[] | undefined;
  cell?: string[] | undefined;
  out?: string | undefined;
  resume?: string | undefined;
  force: boolean;
  strict: boolean;
  json: boolean;
}

const LARGEST_SEED = 2 ** 32 - 1;

export function runCommand(context: CommandContext): CommandModule<object, RunOptions> {
  const words = { type: 'string', array: true, requiresArg: true, nargs: 1 } as const;
  return {
    command: 'run [suite]',
    describe: 'run a suite and write a run folder with its report',
    builder: (yargs) =>
      yargs
        .positional('suite', {
          type: 'string',
          describe: 'built-in suite (xlt-bench list suites) or a .yaml file (default: quick)',
        })
        .option('strategy', { ...words, describe: 'strategy id or path of a .wasm; repeatable' })
        .option('workload', { ...words, describe: 'workload, recording or .xlt file; repeatable' })
        .option('device', { ...words, describe: 'device profile or .yaml file; repeatable' })
        .option('mode', { ...words, describe: CELL_MODES.join(', ') })
        .option('forks', {
          type: 'string',
          requiresArg: true,
          describe: 'forks of each timed cell, or auto',
        })
        .option('width', {
          type: 'string',
          requiresArg: true,
          describe: 'with --forks auto: half width of the interval to reach (default 0.05)',
        })
        .option('metric', {
          type: 'string',
          requiresArg: true,
          describe: 'with --forks auto: metric of the interval (default notifier-p50)',
        })
        .option('budget-minutes', {
          type: 'string',
          requiresArg: true,
          describe: 'with --forks auto: time budget (default 10)',
        })
        .option('seed', {
          type: 'string',
          requiresArg: true,
          describe: 'seed of order, storms and draws',
        })
        .option('set', { ...words, describe: 'override a suite setting, e.g. windowSeconds=2' })
        .option('inject', {
          ...words,
          describe:
            'fault injection, e.g. probability=1; sites are those of a strategy, as in: --strategy huge-then-4k --inject site=break,probability=100,times=3',
        })
        .option('cell', { ...words, describe: 'run only the cell with this id; repeatable' })
        .option('out', { type: 'string', requiresArg: true, describe: 'run folder to write' })
        .option('resume', {
          type: 'string',
          requiresArg: true,
          describe: 'run folder to go on with',
        })
        .option('force', { type: 'boolean', default: false, describe: 'replace the run in --out' })
        .option('strict', {
          type: 'boolean',
          default: false,
          describe: 'refuse a noisy environment',
        })
        .option('json', { type: 'boolean', default: false, describe: 'print the summary as JSON' }),
    handler: async (options) => {
      context.exitCode = await run(options);
    },
  };
}

async function run(options: RunOptions): Promise<number> {
  refuseEmptyPath('--out', options.out, 'folder');
  const { plan, whole, config, forkGoal } =
    options.resume === undefined ? planRun(options) : resumedPlan(options, options.resume);
  const extension = forkGoal && new ForkExtension(forkGoal, whole.seed);
  return withInterruption(async (signal) => {
    const result = await runSuite({
      plan,
      out: options.resume ?? options.out ?? defaultFolder(plan),
      command: ['xlt-bench', ...process.argv.slice(2).map(shellWord)].join(' '),
      config,
      force: options.force,
      resume: options.resume !== undefined,
      strict: options.strict,
      signal,
      extend: extension && ((records) => extension.next(whole.cells, records)),
    });
    for (const line of extension?.missing ?? []) process.stderr.write(`still too wide: ${line}\n`);
    return await conclude(result, options.json);
  });
}

/** Everything that can be wrong with the input is found here, before anything is written. */
function planRun(options: RunOptions): RunnablePlan {
  const forkGoal = forkGoalOf(options);
  const seed =
    options.seed === undefined
      ? randomInt(0, LARGEST_SEED)
      : checkedInteger('--seed', options.seed, 0, LARGEST_SEED);
  const forks = forkCount(options);
  const source = findSuite(options.suite ?? 'quick');
  const settings = options.set ?? [];
  // Narrowed first: a setting such as workload.regions=8 is meant for the workloads that were chosen.
  const narrowed = narrowSuite(source.suite, {
    ...(options.strategy === undefined ? {} : { strategies: options.strategy }),
    ...(options.workload === undefined ? {} : { workloads: options.workload }),
    ...(options.device === undefined ? {} : { devices: options.device }),
    ...(options.mode === undefined ? {} : { modes: options.mode as CellMode[] }),
    ...(forks === undefined ? {} : { forks }),
  });
  const suite = overrideSuite({ ...source, suite: narrowed }, settings);
  const groups = suite.groups.map((group) => ({
    ...group,
    inject: [...group.inject, ...(options.inject ?? [])],
  }));
  const whole = onlyCells(planSuite({ ...suite, groups }, planContext(seed)), options.cell);
  checkStrategies(whole);
  const config = { suite: { ...suite, groups }, seed, set: settings };
  if (forkGoal === undefined) return { plan: whole, whole, config };
  const cells = whole.cells.filter(({ fork }) => fork < MIN_FORKS);
  return { plan: { ...whole, cells }, whole, config: { ...config, forkGoal }, forkGoal };
}

/**
 * The plan with only some of its cells; each keeps the seeds of its forks.
 * @throws UsageError for an id that the plan does not hold
 */
function onlyCells(plan: Plan, wanted: readonly string[] | undefined): Plan {
  if (wanted === undefined) return plan;
  const planned = [...new Set(plan.cells.map(({ cellId }) => cellId))];
  for (const id of wanted) {
    if (planned.includes(id)) continue;
    const near = nearestName(id, planned);
    const hint =
      near === undefined
        ? `expected one of ${planned.length} ids, e.g. ${planned[0]}`
        : `did you mean ${near}?`;
    throw new UsageError(
      `run --cell: suite ${plan.suite} with these options plans no cell "${id}"; ${hint}`,
    );
  }
  return { ...plan, cells: plan.cells.filter(({ cellId }) => wanted.includes(cellId)) };
}

/** @throws UsageError for a module that is no strategy, or what does not fit a cell's strategy: a parameter, a rule */
function checkStrategies({ cells }: Plan): void {
  const known = new Map<string, ResolvedStrategy['entry']>();
  for (const { strategy, params, inject } of cells) {
    let entry = known.get(strategy);
    if (entry === undefined) {
      const resolved = resolveStrategy(strategy);
      if (resolved.file !== undefined) loadModules({ file: resolved.file });
      entry = resolved.entry;
      known.set(strategy, entry);
    }
    checkStrategyParams(entry, params);
    for (const rule of inject ?? []) parseInjectRule(rule, entry);
  }
}

/** Forks to plan; with auto the most that a series may get, of which the first MIN_FORKS run at once. */
function forkCount({ forks }: RunOptions): number | undefined {
  if (forks === undefined) return undefined;
  return forks === 'auto' ? FORKS_PER_SERIES : checkedInteger('--forks', forks, 1, 1000);
}

/** @throws UsageError for a value out of range, or one that goes with --forks auto alone */
function forkGoalOf(options: RunOptions): ForkGoal | undefined {
  const { width, metric } = options;
  const budget = options['budget-minutes'];
  if (options.forks !== 'auto') {
    const given = Object.entries({ width, metric, 'budget-minutes': budget });
    const stray = given.find(([, value]) => value !== undefined);
    if (stray !== undefined) throw new UsageError(`--${stray[0]} goes with --forks auto`);
    return undefined;
  }
  return {
    metricId: metric ?? 'notifier-p50',
    width: width === undefined ? 0.05 : checkedNumber('--width', width, 0.001, 1),
    budgetMs:
      (budget === undefined ? 10 : checkedPositive('--budget-minutes', budget, 10_080)) * 60_000,
  };
}

/** A resumed run takes everything from its plan.json. */
function resumedPlan(options: RunOptions, folder: string): RunnablePlan {
  const given = [
    'out',
    'seed',
    'forks',
    'width',
    'metric',
    'budget-minutes',
    'strategy',
    'workload',
    'device',
    'mode',
    'set',
    'inject',
    'cell',
  ]
    .filter((name) => options[name as keyof RunOptions] !== undefined)
    .map((name) => `--${name}`);
  if (options.force) given.push('--force');
  if (options.suite !== undefined) given.push(options.suite);
  if (given.length > 0) {
    throw new UsageError(
      `--resume takes everything from the run's plan.json; leave out ${given.join(', ')}`,
    );
  }
  return planOfRun(folder);
}

function defaultFolder(plan: Plan): string {
  const stamp = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  return join('results', 'runs', `${plan.suite}-${stamp}`);
}

/** Writes the report, says what was found, and decides the exit code. */
async function conclude(result: SuiteResult, json: boolean): Promise<number> {
  const summary = summariseRun(result);
  if (result.interrupted) {
    process.stderr.write(
      `xlt-bench: interrupted; ${summary.records} finished cells are kept, go on with: xlt-bench run --resume ${result.directory}\n`,
    );
    return EXIT_INTERRUPTED;
  }
  const report = join(result.directory, 'report.html');
  await writeReport({ runFolders: [result.directory], out: report });
  if (json) {
    process.stdout.write(`${JSON.stringify({ ...summary, report }, null, 2)}\n`);
  } else {
    process.stdout.write(`${summary.text}\n\nreport: ${relative('.', report)}\n`);
  }
  return summary.failures === 0 ? EXIT_GOOD : EXIT_FAILED;
}
