/** Edits (insert, delete, replace a character, swap two neighbours) that turn `from` into `to`. */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwap =
        row > 1 &&
        column > 1 &&
        from[row - 1] === to[column - 2] &&
        from[row - 2] === to[column - 1];
      const swapped = isSwap ? beforeLast[column - 2]! + 1 : Number.POSITIVE_INFINITY;
      const replaced = last[column - 1]! + (isSame ? 0 : 1);
      current.push(Math.min(replaced, swapped, last[column]! + 1, current[column - 1]! + 1));
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length]!;
}

/**
 * The candidate that `word` is most likely a misspelling of, for "did you mean" in messages. Case
 * is ignored; a candidate counts when at most a third of the longer word differs, or when one of
 * the two begins with the other. The first of equally near candidates wins; undefined when none is
 * near.
 */
export function nearestName(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase();
  let nearest: string | undefined;
  let nearestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const offered = candidate.toLowerCase();
    const longer = Math.max(wanted.length, offered.length);
    const begins = wanted.length >= 3 && (offered.startsWith(wanted) || wanted.startsWith(offered));
    const distance = editDistance(wanted, offered);
    if (!begins && distance > Math.max(1, Math.floor(longer / 3))) continue;
    if (distance < nearestDistance) {
      nearest = candidate;
      nearestDistance = distance;
    }
  }
  return nearest;
}
