import type { CommandModule } from 'yargs';
import { writeFileAtomic } from '../../results/atomic-file.ts';
import { nearestName } from '../../results/nearest-name.ts';
import { checkOutputFile } from '../../results/output-file.ts';
import { UsageError } from '../../results/usage-error.ts';
import type { CommandContext } from '../command-line.ts';
import { resolveWorkload } from '../run/resolve-workload.ts';
import { BUNDLED_TRACES } from '../trace/bundled-traces.ts';
import { fitMix } from '../workloads/fit-mix.ts';

interface FitArguments {
  trace: string;
  process?: string | undefined;
  out?: string | undefined;
  force: boolean;
}

export function fitCommand(_context: CommandContext): CommandModule<object, FitArguments> {
  return {
    command: 'fit <trace>',
    describe:
      'fit the synthetic mix workload to a recording (use: --workload mix --set workload.model=FILE)',
    builder: (yargs) =>
      yargs
        .positional('trace', {
          type: 'string',
          demandOption: true,
          describe: '.xlt file or bundled recording',
        })
        .option('process', { type: 'string', requiresArg: true, describe: 'process name or pid' })
        .option('out', { type: 'string', requiresArg: true, describe: 'write the model as JSON' })
        .option('force', { type: 'boolean', default: false, describe: 'replace the file' }),
    handler: async ({ trace, process: name, out, force }) => {
      if (out !== undefined) {
        const rules = { inputs: [trace], replace: force, otherwise: ' or --force' };
        checkOutputFile(out, { option: '--out', ...rules });
      }
      checkRecording(trace);
      const params = name === undefined ? {} : { process: name };
      const model = JSON.stringify(
        fitMix(await resolveWorkload({ id: trace, params }, 1)),
        null,
        2,
      );
      if (out === undefined) {
        process.stdout.write(`${model}\n`);
      } else {
        writeFileAtomic(out, `${model}\n`);
        process.stderr.write(`fitted to ${trace}, wrote ${out}\n`);
      }
    },
  };
}

/** @throws UsageError for a word that is neither; a path is read later */
function checkRecording(word: string): void {
  const known = BUNDLED_TRACES.map(({ id }) => id);
  if (known.includes(word) || /[/\\]|\.xlt$/.test(word)) return;
  const near = nearestName(word, known);
  const hint = near === undefined ? '' : `; did you mean "${near}"?`;
  throw new UsageError(
    `fit: recording "${word}" is unknown${hint} (bundled: ${known.join(', ')}; or the path of an .xlt file)`,
  );
}
