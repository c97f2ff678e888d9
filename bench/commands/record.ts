import type { CommandModule } from 'yargs';
import { UsageError } from '../../results/usage-error.ts';
import { checkedInteger, checkedNumber } from '../checked-option.ts';
import type { CommandContext } from '../command-line.ts';
import { recordCommand as recordProgram } from '../record/record-command.ts';

interface RecordArguments {
  out: string;
  command?: string[] | undefined;
  pid?: string | undefined;
  seconds?: string | undefined;
  faults: boolean;
  flush: boolean;
  'pass-kvm': boolean;
  'buffer-kib'?: string | undefined;
  force: boolean;
}

const LARGEST_PID = 2 ** 22;

const OPTIONS = {
  pid: { type: 'string', requiresArg: true, describe: 'record a running process instead' },
  seconds: { type: 'string', requiresArg: true, describe: 'end the recording of --pid after this' },
  faults: { type: 'boolean', default: false, describe: 'record page faults as well' },
  flush: { type: 'boolean', default: false, describe: 'record TLB flushes as well' },
  'pass-kvm': { type: 'boolean', default: false, describe: 'hand an open /dev/kvm down' },
  'buffer-kib': { type: 'string', requiresArg: true, describe: 'ring buffer per CPU' },
  force: { type: 'boolean', default: false, describe: 'replace an earlier recording' },
} as const;

export function recordCommand(context: CommandContext): CommandModule<object, RecordArguments> {
  return {
    command: 'record [command..]',
    describe: 'record the notifier stream of a program: record --out FILE -- CMD ARGS',
    builder: (yargs) =>
      yargs
        .positional('command', {
          type: 'string',
          array: true,
          describe: 'program and arguments, after --',
        })
        .option('out', {
          type: 'string',
          demandOption: true,
          requiresArg: true,
          describe: 'file to write: .xlt, or text (.gz compresses it)',
        })
        .options(OPTIONS),
    handler: async (options) => {
      refuseWords(options);
      const { program } = context;
      await recordProgram({
        out: options.out,
        command: program.length === 0 ? undefined : program,
        pid:
          options.pid === undefined
            ? undefined
            : checkedInteger('--pid', options.pid, 1, LARGEST_PID),
        seconds:
          options.seconds === undefined
            ? undefined
            : checkedNumber('--seconds', options.seconds, 0, 604_800),
        faults: options.faults,
        flush: options.flush,
        passKvm: options['pass-kvm'],
        bufferKib:
          options['buffer-kib'] === undefined
            ? undefined
            : checkedInteger('--buffer-kib', options['buffer-kib'], 64, 2 ** 24),
        force: options.force,
      });
    },
  };
}

/** A command without `--` in front: its options would have been taken for ours. */
function refuseWords({ out, command }: RecordArguments): void {
  if (command === undefined || command.length === 0) return;
  throw new UsageError(
    `record: ${command[0]}: expected the command after --, as in: record --out ${out} -- ${command.join(' ')}`,
  );
}
