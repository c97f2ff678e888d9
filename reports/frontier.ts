/**
 * Points that no other point beats on both axes, from left to right; lower is better on both.
 * Also runs in the page, so it uses nothing but its argument.
 */
export function frontierOf(points: readonly (readonly [number, number])[]): [number, number][] {
  const sorted = points
    .map(([x, y]) => [x, y] as [number, number])
    .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const frontier: [number, number][] = [];
  for (const point of sorted) {
    const last = frontier[frontier.length - 1];
    if (last === undefined || point[1] < last[1]) frontier.push(point);
  }
  return frontier;
}
