import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandModule } from 'yargs';
import { publishSite } from '../../reports/site/publish-site.ts';
import { manifest } from '../../strategies/manifest.ts';
import type { CommandContext } from '../command-line.ts';
import { packageRoot } from '../package-root.ts';

interface PublishArguments {
  runs: string[];
  out: string;
}

export function publishCommand(_context: CommandContext): CommandModule<object, PublishArguments> {
  return {
    command: 'publish <runs..>',
    describe: 'write or extend a static site: runs, strategies, workloads, comparison, history',
    builder: (yargs) =>
      yargs
        .positional('runs', {
          type: 'string',
          array: true,
          demandOption: true,
          describe: 'run folders; those the site has already cost nothing',
        })
        .option('out', {
          type: 'string',
          demandOption: true,
          requiresArg: true,
          describe: 'folder of the site',
        }),
    handler: ({ runs, out }) => {
      const site = publishSite({ runFolders: runs, out, strategyNotes: strategyNotes() });
      process.stdout.write(
        `${site.out}: ${site.added.length} runs added, ${site.unchanged} unchanged, ` +
          `${site.pages} pages written\n`,
      );
    },
  };
}

/** What a strategy's page says of its source: the file's header and the memory formula. */
function strategyNotes(): Map<string, { sourceHeader: string; memoryFormula: string }> {
  return new Map(
    manifest.map(({ id, language, memory }) => [
      id,
      {
        sourceHeader: headerOf(language === 'c' ? join('c', `${id}.c`) : `${id}.ts`),
        memoryFormula: `4 KiB: ${memory.at4k}; 2 MiB: ${memory.at2m}`,
      },
    ]),
  );
}

/** The comment block a strategy's file begins with; empty in an installation without sources. */
function headerOf(file: string): string {
  const path = join(packageRoot, 'strategies', file);
  if (!existsSync(path)) return '';
  const comment = /^\/\*\*?([\s\S]*?)\*\//.exec(readFileSync(path, 'utf8'))?.[1] ?? '';
  return comment.replace(/^ \* ?/gm, '').trim();
}
