import type { CommandModule } from 'yargs';
import type { CommandContext } from '../command-line.ts';
import { importTrace } from '../import/import-trace.ts';
import { inspectionText } from '../trace/inspection-text.ts';
import { inspectTrace } from '../trace/trace-inspection.ts';

interface ImportArguments {
  inputs: string[];
  out: string;
  process?: string | undefined;
  force: boolean;
  json: boolean;
}

export function importCommand(_context: CommandContext): CommandModule<object, ImportArguments> {
  return {
    command: 'import <inputs..>',
    describe:
      'turn a text recording (tracefs, perf script, strace, poll, bpftrace) into a .xlt trace',
    builder: (yargs) =>
      yargs
        .positional('inputs', {
          type: 'string',
          array: true,
          demandOption: true,
          describe: "recording, plain, gz or zst; a second file is the kernel threads' half",
        })
        .option('out', {
          type: 'string',
          demandOption: true,
          requiresArg: true,
          describe: '.xlt file',
        })
        .option('process', { type: 'string', requiresArg: true, describe: 'process name or pid' })
        .option('force', { type: 'boolean', default: false, describe: 'replace the file' })
        .option('json', { type: 'boolean', default: false, describe: 'print the summary as JSON' }),
    handler: async ({ inputs, out, process: name, force, json }) => {
      const process_ = name === undefined ? {} : { process: name };
      const summary = await importTrace({ inputs, out, force, ...process_ });
      if (json) {
        process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
        return;
      }
      process.stdout.write(`${inspectionText(await inspectTrace(out, name))}\n`);
      process.stdout.write(
        `imported at ${Math.round(summary.linesPerSecond)} lines/s, wrote ${summary.out}\n`,
      );
    },
  };
}
