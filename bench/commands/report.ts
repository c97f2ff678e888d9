import { join, relative } from 'node:path';
import type { CommandModule } from 'yargs';
import { writeReport } from '../../reports/write-report.ts';
import type { CommandContext } from '../command-line.ts';

interface ReportOptions {
  runs: string[];
  out?: string | undefined;
  png?: string | undefined;
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
        }),
    handler: async ({ runs, out, png }) => {
      const file = out ?? join(runs[0]!, 'report.html');
      const written = await writeReport({ runFolders: runs, out: file, pngFolder: png });
      process.stdout.write(`report: ${relative('.', written.out)} (${written.bytes} bytes)\n`);
      for (const picture of written.pictures) process.stdout.write(`${relative('.', picture)}\n`);
    },
  };
}
