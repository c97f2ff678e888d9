import { join } from 'node:path';
import type { CommandModule } from 'yargs';
import { measureReportCosts } from '../../reports/fixtures/large-report.ts';
import { UsageError } from '../../results/usage-error.ts';
import { runBenchmarks } from '../benchmarks/run-benchmarks.ts';
import { checkedInteger } from '../checked-option.ts';
import type { CommandContext } from '../command-line.ts';

interface BenchArguments {
  out?: string | undefined;
  rounds?: string | undefined;
  quick: boolean;
  force: boolean;
  json: boolean;
}

const ROUNDS = '7';
const QUICK_ROUNDS = '2';

export function benchCommand(_context: CommandContext): CommandModule<object, BenchArguments> {
  return {
    command: 'bench',
    describe: 'measure the harness against its own budgets and against C',
    builder: (yargs) =>
      yargs
        .option('out', { type: 'string', requiresArg: true, describe: 'run folder to write' })
        .option('rounds', {
          type: 'string',
          requiresArg: true,
          describe: 'alternating rounds (default 7); fewer are quicker and less certain',
        })
        .option('quick', { type: 'boolean', default: false, describe: 'two rounds' })
        .option('force', { type: 'boolean', default: false, describe: 'replace the run in --out' })
        .option('json', { type: 'boolean', default: false, describe: 'as JSON' }),
    handler: async ({ out, rounds, quick, force, json }) => {
      if (quick && rounds !== undefined) {
        throw new UsageError('bench: --quick and --rounds exclude each other');
      }
      const stamp = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
      await runBenchmarks({
        out: out ?? join('results', 'runs', `benchmarks-${stamp}`),
        rounds: checkedInteger('--rounds', rounds ?? (quick ? QUICK_ROUNDS : ROUNDS), 1, 1000),
        json,
        force,
      });
      if (!json) process.stdout.write(await reportCosts());
    },
  };
}

/** What the largest report that is promised costs, and one more run in a site of 1,000. */
async function reportCosts(): Promise<string> {
  const costs = await measureReportCosts();
  const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(2)} MiB`;
  const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
  return [
    `report of ${costs.cells} cells: ${seconds(costs.reportMs)} (budget 5 s), ${mib(costs.reportBytes)} (budget 3 MiB), ${mib(costs.residentBytesPeak)} resident at most`,
    `a run added to a site of ${costs.siteRuns}: ${seconds(costs.publishMs)} (budget 10 s)\n`,
  ].join('\n');
}
