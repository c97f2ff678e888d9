import { join } from 'node:path';
import type { CommandModule } from 'yargs';
import { runBenchmarks } from '../benchmarks/run-benchmarks.ts';
import { checkedInteger } from '../checked-option.ts';
import type { CommandContext } from '../command-line.ts';

interface BenchArguments {
  out?: string | undefined;
  rounds: string;
  quick: boolean;
  force: boolean;
  json: boolean;
}

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
          default: '7',
          requiresArg: true,
          describe: 'alternating rounds; fewer are quicker and less certain',
        })
        .option('quick', { type: 'boolean', default: false, describe: 'two rounds' })
        .option('force', { type: 'boolean', default: false, describe: 'replace the run in --out' })
        .option('json', { type: 'boolean', default: false, describe: 'as JSON' }),
    handler: async ({ out, rounds, quick, force, json }) => {
      const stamp = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
      await runBenchmarks({
        out: out ?? join('results', 'runs', `benchmarks-${stamp}`),
        rounds: checkedInteger('--rounds', quick ? QUICK_ROUNDS : rounds, 1, 1000),
        json,
        force,
      });
    },
  };
}
