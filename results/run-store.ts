import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ZodType } from 'zod';
import { appendLineSynced, makeFolder, writeFileAtomic } from './atomic-file.ts';
import { replicateKey } from './cell-identity.ts';
import type { CellRecord, CellRecordInput } from './cell-record.ts';
import {
  type HostFingerprint,
  type HostFingerprintInput,
  hostFingerprintSchema,
} from './host-fingerprint.ts';
import { formatRecordLine, parseRecordLine, zodProblem } from './record-line.ts';
import { type PlannedCell, type RunPlan, type RunPlanInput, runPlanSchema } from './run-plan.ts';
import { migrateDocument, NewerSchemaError } from './schema-version.ts';
import { UsageError } from './usage-error.ts';

const PLAN = 'plan.json';
const HOST = 'host.json';
const CELLS = 'cells.ndjson';
/** Beside the records: the lines that are none. */
export const DAMAGED = 'cells.damaged.ndjson';

/** A run folder's content. */
export interface StoredRun {
  readonly directory: string;
  readonly plan: RunPlan;
  readonly host: HostFingerprint;
  readonly records: readonly CellRecord[];
}

/** A line of cells.ndjson that is no record of this run. */
export interface DamagedLine {
  /** From 1. */
  readonly line: number;
  readonly reason: string;
  readonly text: string;
}

function readDocument<T>(path: string, kind: 'plan' | 'host', schema: ZodType<T>): T {
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      throw new UsageError(`${path}: not found; expected a run folder made by "xlt-bench run"`);
    }
    if (code !== undefined) {
      throw new UsageError(
        `${path}: cannot be read (${code}); expected a run folder made by "xlt-bench run"`,
      );
    }
    throw new UsageError(`${path}: not JSON, expected the ${kind} of a run`);
  }
  const parsed = schema.safeParse(migrateDocument(document, kind, path));
  if (!parsed.success) throw new UsageError(`${path}: ${zodProblem(parsed.error)}`);
  return parsed.data;
}

interface ScannedCells {
  readonly records: CellRecord[];
  readonly goodLines: string[];
  readonly damaged: DamagedLine[];
}

/** Reads cells.ndjson line by line; a line of a newer schema major is an error, not a damage. */
function scanCells(directory: string, plan: RunPlan): ScannedCells {
  const path = join(directory, CELLS);
  const content = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const planned = new Set(plan.cells.map(replicateKey));
  const scanned: ScannedCells = { records: [], goodLines: [], damaged: [] };
  const lineOf = new Map<string, number>();
  const lines = content.split('\n');
  for (const [index, text] of lines.entries()) {
    if (text === '') continue;
    const line = index + 1;
    const where = `${path}:${line}`;
    try {
      // A killed writer leaves a last line without its end; even if it parses, it was never synced.
      if (line === lines.length)
        throw new UsageError(`${where}: the line has no end; it was cut off`);
      const record = parseRecordLine(text, where);
      const key = replicateKey(record);
      const earlier = lineOf.get(key);
      if (earlier !== undefined) {
        throw new UsageError(`${where}: ${key} stands in line ${earlier} already`);
      }
      if (!planned.has(key)) {
        throw new UsageError(`${where}: ${key} is not in ${PLAN}`);
      }
      lineOf.set(key, line);
      scanned.records.push(record);
      scanned.goodLines.push(text);
    } catch (error) {
      if (!(error instanceof UsageError) || error instanceof NewerSchemaError) throw error;
      scanned.damaged.push({ line, reason: error.message, text });
    }
  }
  return scanned;
}

/**
 * Reads a run folder for compare and report.
 * @throws UsageError on a missing file, a bad plan or host, or any damaged line (file and number)
 */
export function readRun(directory: string): StoredRun {
  const plan = readDocument(join(directory, PLAN), 'plan', runPlanSchema);
  const host = readDocument(join(directory, HOST), 'host', hostFingerprintSchema);
  const { records, damaged } = scanCells(directory, plan);
  const [first] = damaged;
  if (first !== undefined) {
    throw new UsageError(
      `${first.reason} (${damaged.length} damaged in all; "xlt-bench run --resume ${directory}" moves them aside)`,
    );
  }
  return { directory, plan, host, records };
}

/** plan.json of a run folder. @throws UsageError when there is none, or of a newer schema major */
export function readPlan(directory: string): RunPlan {
  return readDocument(join(directory, PLAN), 'plan', runPlanSchema);
}

/** The run folder of a run in progress: one writer, records appended and synced as cells end. */
export class RunStore {
  readonly directory: string;
  /** Lines that were moved to cells.damaged.ndjson when the folder was opened again. */
  readonly damaged: readonly DamagedLine[];
  /** Records that stood in the folder when it was opened again. */
  readonly earlier: readonly CellRecord[];
  #plan: RunPlan;
  readonly #finished: Set<string>;

  private constructor(
    directory: string,
    plan: RunPlan,
    damaged: readonly DamagedLine[],
    earlier: readonly CellRecord[],
  ) {
    this.directory = directory;
    this.#plan = plan;
    this.damaged = damaged;
    this.earlier = earlier;
    this.#finished = new Set(earlier.map(replicateKey));
  }

  /**
   * Makes a run folder and writes plan.json and host.json.
   * @param force replace the run that stands in the folder
   * @throws UsageError when the folder holds a run, or the path is a file
   */
  static create(
    directory: string,
    plan: RunPlanInput,
    host: HostFingerprintInput,
    force = false,
  ): RunStore {
    const held = [PLAN, CELLS].find((name) => existsSync(join(directory, name)));
    if (held !== undefined && !force) {
      throw new UsageError(
        `${directory} holds a run already (${held}); "xlt-bench run --resume ${directory}" goes on with a run, --force replaces it; or give another --out`,
      );
    }
    makeFolder(directory);
    for (const name of [CELLS, DAMAGED, PLAN, HOST]) rmSync(join(directory, name), { force: true });
    const store = new RunStore(directory, runPlanSchema.parse(plan), [], []);
    store.writeHost(host);
    writeFileAtomic(join(directory, CELLS), '');
    store.#writePlan();
    return store;
  }

  /**
   * Opens a run folder to go on with it. Damaged lines are moved to cells.damaged.ndjson, with their
   * number and the reason; every other line stays as it is.
   * @param accept looks at the records before anything is written; what it throws ends the resumption
   * @throws UsageError when the folder holds no run or one of a newer schema major
   */
  static resume(
    directory: string,
    accept: (records: readonly CellRecord[]) => void = () => undefined,
  ): RunStore {
    const plan = readDocument(join(directory, PLAN), 'plan', runPlanSchema);
    const { records, goodLines, damaged } = scanCells(directory, plan);
    accept(records);
    if (damaged.length > 0) {
      for (const line of damaged) {
        appendLineSynced(join(directory, DAMAGED), JSON.stringify(line));
      }
      writeFileAtomic(join(directory, CELLS), goodLines.map((line) => `${line}\n`).join(''));
    }
    return new RunStore(directory, plan, damaged, records);
  }

  get plan(): RunPlan {
    return this.#plan;
  }

  /** `replicateKey` of every cell and fork that has a record, whatever its verdict. */
  get finishedKeys(): ReadonlySet<string> {
    return this.#finished;
  }

  /** Plans further cells, e.g. more forks of a noisy series; plan.json is rewritten first. */
  addCells(cells: readonly PlannedCell[]): void {
    const known = new Set(this.#plan.cells.map(replicateKey));
    const fresh = cells.filter((cell) => !known.has(replicateKey(cell)));
    this.#plan = runPlanSchema.parse({ ...this.#plan, cells: [...this.#plan.cells, ...fresh] });
    this.#writePlan();
  }

  /**
   * Appends a record and returns when it is on disk.
   * @throws Error when the cell is not planned or has a record: a second one would count twice
   */
  append(record: CellRecordInput): void {
    const key = replicateKey(record);
    if (!this.#plan.cells.some((cell) => replicateKey(cell) === key)) {
      throw new Error(`${key} is not planned`);
    }
    if (this.#finished.has(key)) throw new Error(`${key} has a record already`);
    appendLineSynced(join(this.directory, CELLS), formatRecordLine(record));
    this.#finished.add(key);
  }

  /** Replaces host.json, e.g. with the load after the run. */
  writeHost(host: HostFingerprintInput): void {
    const parsed = hostFingerprintSchema.parse(host);
    writeFileAtomic(join(this.directory, HOST), `${JSON.stringify(parsed, null, 2)}\n`);
  }

  #writePlan(): void {
    writeFileAtomic(join(this.directory, PLAN), `${JSON.stringify(this.#plan, null, 2)}\n`);
  }
}
