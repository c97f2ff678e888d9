import type { CommandModule } from 'yargs';
import { writeFileAtomic } from '../../results/atomic-file.ts';
import { checkOutputFile } from '../../results/output-file.ts';
import type { CommandContext } from '../command-line.ts';
import { inspectionHtml } from '../trace/inspection-html.ts';
import { inspectionText } from '../trace/inspection-text.ts';
import { inspectTrace } from '../trace/trace-inspection.ts';

interface InspectArguments {
  trace: string;
  process?: string | undefined;
  html?: string | undefined;
  force: boolean;
  json: boolean;
}

export function inspectCommand(_context: CommandContext): CommandModule<object, InspectArguments> {
  return {
    command: 'inspect <trace>',
    describe: 'show rates, range sizes and peaks of a .xlt trace',
    builder: (yargs) =>
      yargs
        .positional('trace', { type: 'string', demandOption: true, describe: '.xlt file' })
        .option('process', { type: 'string', requiresArg: true, describe: 'process name or pid' })
        .option('html', { type: 'string', requiresArg: true, describe: 'write a page instead' })
        .option('force', { type: 'boolean', default: false, describe: 'replace the page' })
        .option('json', { type: 'boolean', default: false, describe: 'as JSON' }),
    handler: async ({ trace, process: name, html, force, json }) => {
      if (html !== undefined) {
        const rules = { inputs: [trace], replace: force, otherwise: ' or --force' };
        checkOutputFile(html, { option: '--html', ...rules });
      }
      const inspection = await inspectTrace(trace, name);
      if (html !== undefined) {
        writeFileAtomic(html, inspectionHtml(inspection));
        process.stdout.write(`${html}\n`);
      } else {
        const text = json ? JSON.stringify(inspection, null, 2) : inspectionText(inspection);
        process.stdout.write(`${text}\n`);
      }
    },
  };
}
