import type { CommandModule } from 'yargs';
import type { CommandContext } from '../command-line.ts';
import { EXIT_GOOD } from '../exit-code.ts';
import { newStrategy } from '../strategy-template/new-strategy.ts';

interface NewStrategyArguments {
  id: string;
  folder?: string | undefined;
  json: boolean;
}

export function newStrategyCommand(
  context: CommandContext,
): CommandModule<object, NewStrategyArguments> {
  return {
    command: 'new-strategy <id>',
    describe: 'write the skeleton of a strategy that compiles and passes the conformance suite',
    builder: (yargs) =>
      yargs
        .positional('id', {
          type: 'string',
          demandOption: true,
          describe: 'its id: lower-case words joined by "-"',
        })
        .option('folder', {
          type: 'string',
          requiresArg: true,
          describe: 'write it there, outside of the tree, with a build script of its own',
        })
        .option('json', { type: 'boolean', default: false, describe: 'as JSON' }),
    handler: ({ id, folder, json }) => {
      const written = newStrategy({ id, ...(folder === undefined ? {} : { folder }) });
      const text = [
        ...written.files.map((file) => `wrote ${file}`),
        'next:',
        ...written.next.map((command) => `  ${command}`),
      ].join('\n');
      process.stdout.write(`${json ? JSON.stringify(written, null, 2) : text}\n`);
      context.exitCode = EXIT_GOOD;
    },
  };
}
