import type { CellRecord } from '../../results/cell-record.ts';
import { growthsOf } from '../../results/growth.ts';
import { kneesOf } from '../../results/knee.ts';
import { readRun } from '../../results/run-store.ts';
import { microTable } from '../micro/micro-table.ts';
import { failureTable } from './failure-table.ts';
import type { SuiteResult } from './run-suite.ts';
import { summaryTable } from './summary-table.ts';

export interface RunSummary {
  readonly directory: string;
  /** Finished cells and forks in the folder, older ones of a resumed run included. */
  readonly records: number;
  readonly verdicts: Readonly<Record<string, number>>;
  /** Cells that did not do what they must: a strategy that failed, a canary that was not caught. */
  readonly failures: number;
  readonly problems: readonly { cellId: string; fork: number; verdict: string; reason: string }[];
  readonly text: string;
}

/** A canary or control must fail; a strategy may pass or be refused for want of budget. */
function isProblem({ verdict, guarantees }: CellRecord): boolean {
  const mustFail = guarantees.kind === 'canary' || guarantees.kind === 'control';
  return mustFail ? verdict !== 'failed' : verdict !== 'passed' && verdict !== 'refused';
}

/** What a finished run says in a terminal. */
export function summariseRun({ directory }: Pick<SuiteResult, 'directory'>): RunSummary {
  const { records } = readRun(directory);
  const verdicts: Record<string, number> = {};
  for (const { verdict } of records) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
  const problems = records.filter(isProblem).map(({ cellId, fork, verdict, reason }) => ({
    cellId,
    fork,
    verdict,
    reason: reason ?? 'a canary that nothing caught',
  }));
  const said = problems.map(
    ({ cellId, fork, verdict, reason }) => `  ${cellId} fork ${fork}: ${verdict}: ${reason}`,
  );
  const counts = Object.entries(verdicts).map(([verdict, count]) => `${count} ${verdict}`);
  return {
    directory,
    records: records.length,
    verdicts,
    failures: problems.length,
    problems,
    text: [
      `${records.length} cells: ${counts.join(', ')} (canaries must fail, and did: ${caught(records)})`,
      ...said,
      ...summaryTable(records),
      ...failureTable(records),
      ...micro(records),
      ...sweeps(records),
    ].join('\n'),
  };
}

function caught(records: readonly CellRecord[]): string {
  const canaries = records.filter(({ guarantees }) => guarantees.kind === 'canary');
  if (canaries.length === 0) return 'none ran';
  const failed = canaries.filter(({ verdict }) => verdict === 'failed');
  return `${failed.length} of ${canaries.length}`;
}

/** How cost grows along each sweep, and where each rate sweep bends; nothing where nothing was swept. */
function sweeps(records: readonly CellRecord[]): string[] {
  const sections = [
    ['knees (open loop, medians over forks)', kneesOf(records)],
    ['growth (medians over forks)', growthsOf(records)],
  ] as const;
  return sections.flatMap(([title, found]) =>
    found.length === 0
      ? []
      : ['', title, ...found.map((one) => `  ${one.strategy}, ${one.scenario}: ${one.sentence}`)],
  );
}

function micro(records: readonly CellRecord[]): string[] {
  const measured = records.filter(({ mode }) => mode === 'micro');
  return measured.length === 0 ? [] : ['', microTable(measured)];
}
