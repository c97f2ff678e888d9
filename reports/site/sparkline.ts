import { html, type Markup } from '../page/markup.ts';
import type { ChangePoint, LanePoint } from './change-points.ts';

const WIDTH = 132;
const HEIGHT = 26;
const PAD = 3;
/** Runs in a sparkline: more have no pixel of their own. */
export const SPARKLINE_RUNS = 60;

/** A lane's last runs as a line, changes marked; text for those who do not see it is given by the caller. */
export function sparkline(
  lane: readonly LanePoint[],
  changes: readonly ChangePoint[],
  label: string,
): Markup {
  const from = Math.max(0, lane.length - SPARKLINE_RUNS);
  const shown = lane.slice(from);
  const values = shown.map(({ value }) => value);
  const [smallest, largest] = [Math.min(...values), Math.max(...values)];
  // A span of a tenth at least: noise must not look like mountains.
  const slack = Math.max(0, largest * 0.1 - (largest - smallest)) / 2;
  const [least, most] = [smallest - slack, largest + slack];
  const x = (index: number) =>
    round(PAD + (shown.length < 2 ? 0.5 : index / (shown.length - 1)) * (WIDTH - 2 * PAD));
  const y = (value: number) =>
    round(
      HEIGHT - PAD - (most === least ? 0.5 : (value - least) / (most - least)) * (HEIGHT - 2 * PAD),
    );
  const path = shown.map(({ value }, index) => `${x(index)},${y(value)}`).join(' ');
  const marks = changes
    .filter(({ at }) => at >= from)
    .map(
      ({ at, after, before }) =>
        html`<circle cx="${x(at - from)}" cy="${y(after)}" r="3" class="${after > before ? 'up' : 'down'}"/>`,
    );
  return html`<svg class="spark" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}"><polyline points="${path}"/>${marks}</svg>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
