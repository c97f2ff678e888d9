import { dirname } from 'node:path';
import { makeFolder, writeFileAtomic } from '../results/atomic-file.ts';
import { checkOutputFile, refuseEmptyPath } from '../results/output-file.ts';
import { readRun, type StoredRun } from '../results/run-store.ts';
import { UsageError } from '../results/usage-error.ts';
import { buildModel } from './build-model.ts';
import { renderPage } from './page/render-page.ts';

export interface WriteReportOptions {
  /** Folders made by `xlt-bench run`; at least one. */
  readonly runFolders: readonly string[];
  /** The HTML file. */
  readonly out: string;
  /** Folder for the charts as pictures; none are drawn without it. */
  readonly pngFolder?: string | undefined;
}

export interface WrittenReport {
  readonly out: string;
  readonly bytes: number;
  readonly pictures: readonly string[];
}

/**
 * Reads run folders and writes the report. Nothing is written before everything was read, and the
 * file appears whole or not at all.
 *
 * @throws UsageError on a folder that holds no readable run, a run without records, or a path that cannot
 *   be written
 */
export async function writeReport(options: WriteReportOptions): Promise<WrittenReport> {
  // A report is made anew all the time; no other kind of file is replaced by one.
  const replace = /\.html?$/i.test(options.out);
  checkOutputFile(options.out, { option: '--out', inputs: [], replace });
  refuseEmptyPath('--png', options.pngFolder, 'folder');
  const model = buildModel(readRuns(options.runFolders));
  const page = renderPage(model);
  makeFolder(dirname(options.out));
  const pictures =
    options.pngFolder === undefined
      ? []
      : (await import('./png/chart-pictures.ts')).writeChartPictures(model, options.pngFolder);
  writeFileAtomic(options.out, page);
  return { out: options.out, bytes: Buffer.byteLength(page), pictures };
}

/** @throws UsageError when there is no folder, or one of them holds no readable record */
export function readRuns(runFolders: readonly string[]): StoredRun[] {
  if (runFolders.length === 0) {
    throw new UsageError('no run folder given; expected a folder made by "xlt-bench run"');
  }
  const runs = runFolders.map((folder) => readRun(folder));
  const empty = runs.find(({ records }) => records.length === 0);
  if (empty !== undefined) {
    throw new UsageError(
      `${empty.directory}: cells.ndjson holds no record; expected at least one finished cell`,
    );
  }
  const ids = runs.map(({ plan }) => plan.runId);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) {
    throw new UsageError(`run ${twice} was given twice; expected each run once`);
  }
  return runs;
}
