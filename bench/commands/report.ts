import { join, relative } from 'node:path';
import type { CommandModule } from 'yargs';
import { buildModel } from '../../reports/build-model.ts';
import { resultsCsv } from '../../reports/csv-export.ts';
import { markdownSummary } from '../../reports/markdown-summary.ts';
import { readRuns, writeReport } from '../../reports/write-report.ts';
import { UsageError } from '../../results/usage-error.ts';
import type { CommandContext } from '../command-line.ts';

interface ReportOptions {
  runs: string[];
  out?: string | undefined;
  png?: string | undefined;
  markdown: boolean;
  csv: boolean;
}

export function reportCommand(_context: CommandContext): CommandModule<object, ReportOptions> {
  return {
    command: 'report <runs..>',
    describe: 'write one self-contained HTML report about run folders',
    builder: (yargs) =>
      yargs
        .positional('runs', {
          type: 'string',
          array: true,
          demandOption: true,
          describe: 'run folders',
        })
        .option('out', {
          type: 'string',
          requiresArg: true,
          describe: 'HTML file (default: in the first run)',
        })
        .option('png', {
          type: 'string',
          requiresArg: true,
          describe: 'folder for the charts as PNG',
        })
        .option('markdown', {
          type: 'boolean',
          default: false,
          describe: 'print Markdown, e.g. for $GITHUB_STEP_SUMMARY, instead of writing HTML',
        })
        .option('csv', {
          type: 'boolean',
          default: false,
          describe: 'print every figure as CSV instead of writing HTML',
        }),
    handler: async ({ runs, out, png, markdown, csv }) => {
      if (markdown || csv) {
        printReport(runs, { markdown, csv, out, png });
        return;
      }
      const file = out ?? join(runs[0]!, 'report.html');
      const written = await writeReport({ runFolders: runs, out: file, pngFolder: png });
      process.stdout.write(`report: ${relative('.', written.out)} (${written.bytes} bytes)\n`);
      for (const picture of written.pictures) process.stdout.write(`${relative('.', picture)}\n`);
    },
  };
}

/** The same sentences and figures as the page's, from the same model, on standard output. */
function printReport(runs: string[], how: Omit<ReportOptions, 'runs'>): void {
  const chosen = Object.entries(how).filter(([, value]) => value !== undefined && value !== false);
  if (chosen.length > 1) {
    const names = chosen.map(([name]) => `--${name}`).join(' and ');
    throw new UsageError(`report: ${names} exclude each other`);
  }
  const model = buildModel(readRuns(runs));
  process.stdout.write(how.markdown ? markdownSummary(model) : resultsCsv(model));
}
