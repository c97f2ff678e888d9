import { BLOCK_PAGES } from '../../core/abi/layout.ts';
import * as op from '../../core/abi/trace-event.ts';
import type { CheckedMirror } from './checked-mirror.ts';

const B = BLOCK_PAGES;

function take(mirror: CheckedMirror, first: number, count: number, write: boolean): void {
  for (let page = first; page < first + count; page++) mirror.access(page, write);
}

/**
 * Maps, breaks, refaults, collapses and unmaps four blocks: enough to reach the allocation sites and
 * commands of a strategy. Each access must succeed unless the mirror expects failures.
 */
export function churn(mirror: CheckedMirror): void {
  mirror.map(0, 4 * B, { huge: true });
  for (let page = 0; page < 4 * B; page += B) take(mirror, page, 1, true);
  mirror.split(0);
  take(mirror, 0, 64, true);
  mirror.invalidate(B + 7, 1, op.EVENT_CLEAR);
  take(mirror, B, 32, true);
  mirror.maintain(4);
  mirror.collapse(0);
  take(mirror, 9, 1, true);
  mirror.invalidate(2 * B, B, op.EVENT_UNMAP);
  mirror.map(2 * B, B);
  mirror.touch(2 * B, 64, true);
  take(mirror, 2 * B, 64, true);
  mirror.invalidate(0, 4 * B, op.EVENT_PROTECTION_VMA);
  mirror.maintain(4);
  take(mirror, 2 * B, 16, false);
}
