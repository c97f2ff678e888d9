import yargs, { type CommandModule } from 'yargs';
import { nearestName } from '../results/nearest-name.ts';
import { UsageError } from '../results/usage-error.ts';
import { benchCommand } from './commands/bench.ts';
import { compareCommand } from './commands/compare.ts';
import { exploreCommand } from './commands/explore.ts';
import { fitCommand } from './commands/fit.ts';
import { importCommand } from './commands/import.ts';
import { inspectCommand } from './commands/inspect.ts';
import { listCommand } from './commands/list.ts';
import { newStrategyCommand } from './commands/new-strategy.ts';
import { publishCommand } from './commands/publish.ts';
import { recordCommand } from './commands/record.ts';
import { reportCommand } from './commands/report.ts';
import { runCommand } from './commands/run.ts';
import { verifyCommand } from './commands/verify.ts';
import { EXIT_GOOD, EXIT_INTERNAL, EXIT_REFUSED, EXIT_USAGE } from './exit-code.ts';
import { EnvironmentRefused } from './record/environment-refused.ts';

/** What a command's handler leaves behind: the exit code, and yargs' parsed options. */
export interface CommandContext {
  exitCode: number;
  /** What follows `--` on the line of `record`: another program's words, not ours to read. */
  readonly program: readonly string[];
}

/** Runs the command line; returns the exit code. Errors of the user's making are one line. */
export async function main(args: readonly string[]): Promise<number> {
  const end = args[0] === 'record' ? args.indexOf('--') : -1;
  const own = end < 0 ? args : args.slice(0, end);
  const program = end < 0 ? [] : args.slice(end + 1);
  const context: CommandContext = { exitCode: EXIT_GOOD, program };
  try {
    await buildParser(own, context).parseAsync();
    return context.exitCode;
  } catch (error) {
    if (error instanceof UsageError) return complain(error.message, EXIT_USAGE);
    if (error instanceof EnvironmentRefused) return complain(error.message, EXIT_REFUSED);
    return reportInternalError(error);
  }
}

/** Prints what went wrong inside, with the stack. @returns the exit code, which no verdict shares */
export function reportInternalError(error: unknown): number {
  const stack = error instanceof Error ? error.stack : undefined;
  return complain(`internal error: ${stack ?? error}`, EXIT_INTERNAL);
}

function complain(message: string, exitCode: number): number {
  process.stderr.write(`xlt-bench: ${message}\n`);
  return exitCode;
}

/** Every command, in the order of the help. */
function commandsOf(context: CommandContext): CommandModule[] {
  return [
    listCommand(context),
    runCommand(context),
    compareCommand(context),
    reportCommand(context),
    publishCommand(context),
    verifyCommand(context),
    exploreCommand(context),
    benchCommand(context),
    importCommand(context),
    fitCommand(context),
    inspectCommand(context),
    recordCommand(context),
    newStrategyCommand(context),
  ] as CommandModule[];
}

function buildParser(args: readonly string[], context: CommandContext) {
  const commands = commandsOf(context);
  refuseBooleanValue(args, commands);
  return yargs([...args])
    .scriptName('xlt-bench')
    .usage('$0 <command> [options]\n\nMeasures how device translation tables keep up with the CPU.')
    .command(commands)
    .completion('completion', 'print a completion script for the shell')
    .demandCommand(1, 'which command?')
    .strict()
    .exitProcess(false)
    .parserConfiguration({ 'dot-notation': false })
    .check(refuseRepeated)
    .wrap(Math.min(100, process.stdout.columns ?? 100))
    .epilogue(
      'Exit codes: 0 good, 1 regression or failed verdict, 2 usage or bad input, 3 inconclusive, 4 environment refused, 70 internal error, 130 interrupted.',
    )
    .fail((message, error) => {
      if (error && error.name !== 'YError') throw error;
      throw new UsageError(withSuggestion(error?.message ?? message, args, commands));
    });
}

/** Options that may be given more than once, and words of a command line. */
const LISTS = [
  ...['_', '--', 'strategy', 'strategies', 'workload', 'device', 'mode', 'set', 'inject', 'cell'],
  ...['metric', 'threshold', 'allow', 'runs', 'inputs', 'command', 'scenario'],
];

/** yargs turns a scalar that is given twice into an array; nobody means that. */
function refuseRepeated(argv: Record<string, unknown>): true {
  for (const [name, value] of Object.entries(argv)) {
    if (Array.isArray(value) && !LISTS.includes(name)) {
      throw new UsageError(`--${name} is given ${value.length} times; expected once`);
    }
  }
  return true;
}

/** yargs takes any other value of a boolean option for false. */
function refuseBooleanValue(args: readonly string[], commands: readonly CommandModule[]): void {
  const command = commandOf(args, commands);
  const booleans = ['help', 'version', ...(command === undefined ? [] : booleanNames(command))];
  for (const arg of args) {
    if (arg === '--') return;
    const [, word = '', value = ''] = /^--([^=]+)=(.*)$/s.exec(arg) ?? [];
    const name = word.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (!booleans.includes(name) || value === 'true' || value === 'false') continue;
    throw new UsageError(`--${name}=${value}: expected true or false`);
  }
}

/** The command that the line names. */
function commandOf(args: readonly string[], commands: readonly CommandModule[]) {
  const word = args.find((arg) => !arg.startsWith('-'));
  return commands.find(({ command }) => String(command).split(' ')[0] === word);
}

/** yargs names what it does not know; this adds the nearest word it does. */
function withSuggestion(
  message: string,
  args: readonly string[],
  commands: readonly CommandModule[],
): string {
  const bare = /^Not enough arguments following: (.+)$/.exec(message)?.[1];
  if (bare !== undefined) return `--${bare}: expected a value`;
  const missing = /^Not enough non-option arguments: got (\d+)/.exec(message)?.[1];
  const command = commandOf(args, commands);
  if (missing !== undefined && command !== undefined) {
    const [name = '', ...places] = String(command.command).split(' ');
    return `${name}: missing ${places[Number(missing)]}; expected ${name} ${places.join(' ')}`;
  }
  const unknown = /^Unknown (argument|command)s?: (.+)$/.exec(message);
  // yargs asks for what is missing first, also when it is there and spelt wrong.
  const misspelt = /^Missing required/.test(message) ? unknownOption(args, commands) : undefined;
  const word = misspelt ?? unknown?.[2]?.split(', ')[0];
  if (word === undefined) return message.replace(/\s+/g, ' ').trim();
  const option = args.find((arg) => arg.replace(/^-+/, '').split('=')[0] === word);
  if (option?.startsWith('-')) {
    const near = nearestName(word, optionNames(commands));
    return `unknown option --${word}${near === undefined ? '' : `; did you mean --${near}?`}`;
  }
  const names = [...commands.map(({ command }) => String(command).split(' ')[0]!), 'completion'];
  const near = nearestName(word, names);
  const hint = near === undefined ? `expected one of ${names.join(', ')}` : `did you mean ${near}?`;
  return `unknown command or word "${word}": ${hint}`;
}

/** The first option on the line that no command has. */
function unknownOption(args: readonly string[], commands: readonly CommandModule[]) {
  const known = optionNames(commands);
  const options = args.filter((arg) => arg.startsWith('--') && arg !== '--');
  const names = options.map((arg) => arg.slice(2).split('=')[0]!.replace(/^no-/, ''));
  return names.find((name) => !known.includes(name));
}

/** Every long option of every command. */
function optionNames(commands: readonly CommandModule[]): string[] {
  return ['help', 'version', ...commands.flatMap(optionsOf).map(({ name }) => name)];
}

function booleanNames(command: CommandModule): string[] {
  return optionsOf(command)
    .filter(({ type }) => type === 'boolean')
    .map(({ name }) => name);
}

type OptionTypes = Readonly<Record<string, { readonly type?: string } | undefined>>;

interface NamedOption {
  readonly name: string;
  readonly type?: string | undefined;
}

/** The options of a command: what its builder would tell yargs. */
function optionsOf({ builder }: CommandModule): NamedOption[] {
  const options: NamedOption[] = [];
  const recorder: unknown = new Proxy(
    {},
    {
      get: (_, method) => (first: string | OptionTypes, how?: OptionTypes[string]) => {
        const named = typeof first === 'string' ? { [first]: how } : first;
        if (method !== 'option' && method !== 'options') return recorder;
        for (const [name, of] of Object.entries(named)) options.push({ name, type: of?.type });
        return recorder;
      },
    },
  );
  if (typeof builder === 'function') builder(recorder as never);
  return options;
}
