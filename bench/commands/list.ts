import type { CommandModule } from 'yargs';
import { manifest } from '../../strategies/manifest.ts';
import type { CommandContext } from '../command-line.ts';
import { DEVICE_PROFILES } from '../devices/device-catalogue.ts';
import { SUITES } from '../suites/suite-catalogue.ts';
import { BUNDLED_TRACES } from '../trace/bundled-traces.ts';
import { WORKLOADS } from '../workloads/workload-catalogue.ts';

const KINDS = ['strategies', 'suites', 'workloads', 'traces', 'devices', 'metrics'] as const;
type Kind = (typeof KINDS)[number];

interface Item {
  readonly id: string;
  readonly about: string;
}

export function listCommand(
  _context: CommandContext,
): CommandModule<object, { kind: Kind; json: boolean }> {
  return {
    command: 'list [kind]',
    describe: 'list strategies, suites, workloads, traces, devices or metrics',
    builder: (yargs) =>
      yargs
        .positional('kind', {
          choices: KINDS,
          default: 'strategies' as Kind,
          describe: 'what to list',
        })
        .option('json', { type: 'boolean', default: false, describe: 'as JSON, with every field' }),
    handler: async ({ kind, json }) => {
      const { data, items } = await itemsOf(kind);
      const text = json ? JSON.stringify(data, null, 2) : table(items);
      process.stdout.write(`${text}\n`);
    },
  };
}

async function itemsOf(kind: Kind): Promise<{ data: unknown; items: Item[] }> {
  switch (kind) {
    case 'strategies':
      return {
        data: manifest,
        items: manifest.map((entry) => ({
          id: entry.id,
          about: `${entry.family}: ${entry.summary}`,
        })),
      };
    case 'suites':
      return {
        data: SUITES,
        items: SUITES.map((suite) => ({
          id: suite.name,
          about: `${suite.description} (at most ${suite.duration.seconds} s${suite.duration.per === 'strategy' ? ' a strategy' : ''})`,
        })),
      };
    case 'workloads':
      return {
        data: WORKLOADS.map(({ make: _make, ...workload }) => workload),
        items: WORKLOADS.map(({ id, title }) => ({ id, about: title })),
      };
    case 'traces':
      return {
        data: BUNDLED_TRACES,
        items: BUNDLED_TRACES.map(({ id, description }) => ({ id, about: description })),
      };
    case 'devices':
      return {
        data: DEVICE_PROFILES,
        items: DEVICE_PROFILES.map(({ id, title }) => ({ id, about: title })),
      };
    case 'metrics': {
      const { METRICS } = await import('../../results/metrics.ts');
      return {
        data: METRICS.map(({ of: _of, ...metric }) => metric),
        items: METRICS.map(({ id, label, unit }) => ({ id, about: `${label} (${unit})` })),
      };
    }
  }
}

function table(items: readonly Item[]): string {
  const width = Math.max(...items.map(({ id }) => id.length));
  return items.map(({ id, about }) => `${id.padEnd(width)}  ${about}`).join('\n');
}
