import type { StoredRun } from '../results/run-store.ts';
import { buildModel } from './build-model.ts';
import { renderPage } from './page/render-page.ts';

/**
 * A report of one or more runs as one self-contained HTML document. Pure: the same runs give the same
 * text.
 */
export function renderReport(runs: readonly StoredRun[]): string {
  return renderPage(buildModel(runs));
}
