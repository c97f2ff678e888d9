/** Stands for a figure. Taken out of the texts first: a record may hold anything. */
const PLACE = '\u0000';
const FIGURES = /\d+(?:\.\d+)?/g;

/**
 * Texts that differ in their figures only as one, with the range of each figure: `took 3 % of the time` and
 * `took 9 % of the time` are `took 3 to 9 % of the time`. Other texts stand beside each other.
 */
export function mergedText(texts: readonly string[]): string {
  const shapes = new Map<string, string[][]>();
  for (const text of texts) {
    const plain = text.replaceAll(PLACE, '');
    const shape = plain.replace(FIGURES, PLACE);
    const rows = shapes.get(shape) ?? [];
    rows.push(plain.match(FIGURES) ?? []);
    shapes.set(shape, rows);
  }
  return [...shapes]
    .map(([shape, rows]) => {
      let place = 0;
      return shape.replaceAll(PLACE, () => {
        const figures = rows.map((row) => row[place]!);
        place++;
        return rangeOf(figures);
      });
    })
    .join('; ');
}

/** Figures as they were written, least and most. */
function rangeOf(figures: readonly string[]): string {
  const sorted = [...figures].sort((a, b) => Number(a) - Number(b));
  const [least, most] = [sorted[0]!, sorted[sorted.length - 1]!];
  return Number(least) === Number(most) ? least : `${least} to ${most}`;
}
