import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolder, writeFileAtomic } from '../../results/atomic-file.ts';
import { refuseEmptyPath } from '../../results/output-file.ts';
import { readRun, type StoredRun } from '../../results/run-store.ts';
import { UsageError } from '../../results/usage-error.ts';
import { buildModel } from '../build-model.ts';
import { cellsCsv, resultsCsv } from '../csv-export.ts';
import { csvField, slug } from '../escape.ts';
import { html } from '../page/markup.ts';
import { renderPage } from '../page/render-page.ts';
import type { ReportModel, StrategyEntry } from '../report-model.ts';
import { atomFeed } from './atom-feed.ts';
import { compareBody, compareScript, runDataScript } from './compare-page.ts';
import { changeTable, indexBody } from './index-page.ts';
import { type LaneRow, laneRows, laneTable } from './lane-rows.ts';
import { historyChanges } from './regressions.ts';
import {
  addRun,
  type RunEntry,
  readHistory,
  type SiteHistory,
  writeHistory,
} from './site-history.ts';
import { sitePage } from './site-page.ts';
import {
  type StrategyNotes,
  strategyBody,
  strategyLanes,
  topicFile,
  workloadBody,
  workloadLanes,
} from './topic-pages.ts';

export interface PublishOptions {
  /** Folders made by `xlt-bench run`; those that the site holds unchanged cost nothing. */
  readonly runFolders: readonly string[];
  /** The site's folder; made when it is not there, extended when it is. */
  readonly out: string;
  /** By strategy id, for the strategies' pages. */
  readonly strategyNotes?: ReadonlyMap<string, StrategyNotes> | undefined;
}

export interface PublishedSite {
  readonly out: string;
  readonly added: readonly string[];
  readonly unchanged: number;
  readonly pages: number;
}

const HISTORY = 'history-data.json';

/**
 * Writes or extends a static site: no server, no build, relative links only. A run is read once; a
 * later call with the same folder reads its plan and its size and goes on. Runs that are in the site
 * stay in it, whether their folder is given again or not.
 *
 * @throws UsageError when no folder is given or one of them holds no readable run
 */
export function publishSite(options: PublishOptions): PublishedSite {
  const { runFolders, out } = options;
  refuseEmptyPath('--out', out, 'folder');
  if (runFolders.length === 0) {
    throw new UsageError('no run folder given; expected folders made by "xlt-bench run"');
  }
  const history = readHistory(join(out, HISTORY));
  const known = new Set(history.runs.map(({ fingerprint }) => fingerprint));
  const folders = runFolders.map((folder) => ({ folder, fingerprint: fingerprintOf(folder) }));
  const fresh = folders.filter(({ fingerprint }) => !known.has(fingerprint));
  // Before anything is written; what is wrong with the first one shows below, in time.
  for (const { folder } of fresh.slice(1)) readFilledRun(folder);
  const writer = new SiteWriter(out);
  const touched: Touched = { strategies: new Map(), workloads: new Set() };
  const added: string[] = [];
  for (const { folder, fingerprint } of fresh) {
    // One run in memory at a time.
    const run = readFilledRun(folder);
    const model = buildModel([run]);
    const entry = entryOf(run, model, fingerprint);
    addRun(history, entry, model);
    for (const strategy of model.strategies) touched.strategies.set(strategy.label, strategy);
    for (const workload of entry.workloads) touched.workloads.add(workload);
    writeRun(writer, run, model, entry);
    added.push(entry.id);
  }
  writeSitePages(writer, history);
  writeTopics(writer, history, touched, options.strategyNotes);
  writeHistory(join(out, HISTORY), history);
  return { out, added, unchanged: folders.length - fresh.length, pages: writer.pages };
}

/** @throws UsageError when the folder holds no run, or one without records */
function readFilledRun(folder: string): StoredRun {
  const run = readRun(folder);
  if (run.records.length === 0) {
    throw new UsageError(`${folder}: cells.ndjson holds no record; nothing to publish`);
  }
  return run;
}

/** What the new runs hold figures of: the pages that must be made anew. */
interface Touched {
  readonly strategies: Map<string, StrategyEntry>;
  readonly workloads: Set<string>;
}

/** Writes files below one folder and counts the pages. */
class SiteWriter {
  readonly out: string;
  pages = 0;

  constructor(out: string) {
    this.out = out;
  }

  write(path: string, content: string): void {
    const target = join(this.out, path);
    makeFolder(dirname(target));
    writeFileAtomic(target, content);
    if (path.endsWith('.html')) this.pages++;
  }
}

/** Plan and size of the records: records are only ever appended. */
function fingerprintOf(folder: string): string {
  try {
    const plan = readFileSync(join(folder, 'plan.json'));
    const { size } = statSync(join(folder, 'cells.ndjson'));
    return createHash('sha256').update(plan).update(String(size)).digest('hex').slice(0, 24);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(
      `${folder}: plan.json and cells.ndjson cannot be read (${code}); expected a folder made by "xlt-bench run"`,
    );
  }
}

function entryOf(run: StoredRun, model: ReportModel, fingerprint: string): RunEntry {
  const header = model.runs[0]!;
  return {
    id: run.plan.runId,
    slug: slug(run.plan.runId),
    createdAt: run.plan.createdAt,
    suite: run.plan.suite,
    machineId: run.host.machineId,
    machine: `${run.host.cpu.model}, ${run.host.cpu.logicalCores} cores`,
    fingerprint,
    cells: header.recordedCells,
    passed: header.verdicts.passed ?? 0,
    violations: header.violations,
    strategies: model.strategies.map(({ label }) => label),
    workloads: [...new Set(model.scenarios.map(({ workload }) => workload))],
  };
}

function writeRun(writer: SiteWriter, run: StoredRun, model: ReportModel, entry: RunEntry): void {
  const folder = `runs/${entry.slug}`;
  writer.write(`${folder}/index.html`, renderPage(model));
  writer.write(`${folder}/results.csv`, resultsCsv(model));
  writer.write(`${folder}/cells.csv`, cellsCsv([run]));
  const results = model.scenarios.map(({ series, ...scenario }) => ({
    ...scenario,
    series: series.map(({ strategy, status, reason, estimates, failures }) => ({
      ...{ strategy, status, reason, estimates, failures },
    })),
  }));
  writer.write(`${folder}/results.json`, `${JSON.stringify({ run: model.runs[0], results })}\n`);
  writer.write(`data/${entry.slug}.js`, runDataScript(entry, model));
}

function writeSitePages(writer: SiteWriter, history: SiteHistory): void {
  const changes = historyChanges(history);
  const newest = history.runs[history.runs.length - 1];
  const keys = [...history.lanes.keys()].sort();
  writer.write(
    'index.html',
    sitePage({
      title: 'Benchmark runs',
      body: indexBody(history, changes),
      root: '',
      data: { json: 'index.json', csv: 'index.csv' },
    }),
  );
  writer.write('index.json', `${JSON.stringify({ runs: history.runs, changes })}\n`);
  const columns = [
    'id',
    'createdAt',
    'suite',
    'machineId',
    'cells',
    'passed',
    'violations',
  ] as const;
  writer.write('index.csv', csv(columns, history.runs));
  // Of many thousand lanes only those with a way behind them are worth a line on one page.
  const moving = keys.filter((key) => history.lanes.get(key)!.length > 1).slice(0, 2000);
  writer.write(
    'history.html',
    sitePage({
      title: 'History',
      body: html`<section><h2>Changes of level</h2>${changeTable(changes.slice(0, 100))}</section><section><h2>Lanes</h2><p class="fine">One lane for each machine, scenario, strategy and metric. A ring marks a change of level.</p>${laneTable(history, moving, 'Lanes')}</section>`,
      root: '',
      data: { json: 'history.json', csv: 'history.csv' },
    }),
  );
  writeLaneData(writer, 'history', laneRows(history, keys));
  writer.write(
    'compare.html',
    sitePage({
      title: 'Compare two runs',
      body: compareBody(history),
      root: '',
      script: compareScript(),
    }),
  );
  writer.write('feed.xml', atomFeed(changes, newest?.createdAt ?? '1970-01-01T00:00:00Z'));
}

/** Pages of the strategies and workloads that the new runs touch; the others stay as they are. */
function writeTopics(
  writer: SiteWriter,
  history: SiteHistory,
  touched: Touched,
  notes: ReadonlyMap<string, StrategyNotes> | undefined,
): void {
  for (const [label, entry] of touched.strategies) {
    const path = `strategies/${topicFile(label)}`;
    const body = strategyBody(history, label, entry, notes?.get(entry.id) ?? null);
    writeTopic(writer, path, label, body, laneRows(history, strategyLanes(history, label)));
  }
  for (const workload of touched.workloads) {
    const path = `workloads/${topicFile(workload)}`;
    const rows = laneRows(history, workloadLanes(history, workload));
    writeTopic(writer, path, workload, workloadBody(history, workload), rows);
  }
}

function writeTopic(
  writer: SiteWriter,
  path: string,
  title: string,
  body: ReturnType<typeof html>,
  rows: readonly LaneRow[],
): void {
  const name = path.split('/').pop()!;
  const data = { json: `${name}.json`, csv: `${name}.csv` };
  writer.write(`${path}.html`, sitePage({ title, body, root: '../', data }));
  writeLaneData(writer, path, rows);
}

function writeLaneData(writer: SiteWriter, path: string, rows: readonly LaneRow[]): void {
  const columns = [
    'machineId',
    'scenario',
    'conditions',
    'strategy',
    'metric',
    'runs',
    'value',
    'low',
    'high',
    'changes',
  ] as const;
  writer.write(`${path}.json`, `${JSON.stringify(rows)}\n`);
  writer.write(`${path}.csv`, csv(columns, rows));
}

function csv<Row, Column extends keyof Row & string>(
  columns: readonly Column[],
  rows: readonly Row[],
): string {
  const lines = rows.map((row) =>
    columns.map((column) => csvField(row[column] as string | number | null)).join(','),
  );
  return `${[columns.join(','), ...lines].join('\r\n')}\r\n`;
}
