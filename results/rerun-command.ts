/** Options that name where a run was written or how it was told; a rerun chooses its own. */
const DROPPED_WITH_VALUE = new Set(['--out', '--resume', '--seed', '--cell']);
const DROPPED = new Set(['--force', '--json', '--strict']);

/** A word of a command line that is pasted into a shell. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replace(/'/g, `'\\''`)}'`;
}

/**
 * The command that measures one cell of a run again, all of its forks with the seeds they had: the run's
 * own command, so that its suite, narrowing and settings hold, with its seed written out.
 *
 * @param command as plan.json holds it
 * @returns null where the command is no `xlt-bench run`
 */
export function rerunCommand(
  { command, seed }: { readonly command: string; readonly seed: number },
  cellId: string,
): string | null {
  const words = command.match(/(?:'[^']*'|\\'|[^\s'\\])+/g) ?? [];
  if (words[0] !== 'xlt-bench' || words[1] !== 'run') return null;
  const kept = words.filter((word, at) => {
    const [name = ''] = word.split('=');
    return !(
      DROPPED.has(name) ||
      DROPPED_WITH_VALUE.has(name) ||
      DROPPED_WITH_VALUE.has(words[at - 1] ?? '')
    );
  });
  return [...kept, '--seed', String(seed), '--cell', shellWord(cellId)].join(' ');
}
