import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { makeFolder, writeFileAtomic } from './atomic-file.ts';
import { zodProblem } from './record-line.ts';
import { readRun } from './run-store.ts';
import { migrateDocument, SCHEMA_VERSION } from './schema-version.ts';
import { UsageError } from './usage-error.ts';

const FOLDER = 'baselines';
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

const baselineSchema = z.object({
  schemaVersion: z.string().default(SCHEMA_VERSION),
  name: z.string(),
  /** Relative to the run root, so that the root may be moved as a whole. */
  run: z.string().min(1),
  runId: z.string().min(1),
  savedAt: z.iso.datetime(),
});

function pathOf(runRoot: string, name: string): string {
  if (!NAME.test(name)) {
    throw new UsageError(
      `baseline name ${JSON.stringify(name)}: expected letters, digits, . _ or -`,
    );
  }
  return join(runRoot, FOLDER, `${name}.json`);
}

/** Names of the saved baselines, sorted. */
export function listBaselines(runRoot: string): string[] {
  const folder = join(runRoot, FOLDER);
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return files.map((file) => file.slice(0, -'.json'.length)).sort();
}

/** Gives a run a name to compare against; a name that stands already is moved to the new run. */
export function saveBaseline(runRoot: string, name: string, runDirectory: string): void {
  const path = pathOf(runRoot, name);
  const { plan } = readRun(runDirectory);
  makeFolder(join(runRoot, FOLDER));
  const baseline: z.output<typeof baselineSchema> = {
    schemaVersion: SCHEMA_VERSION,
    name,
    run: relative(runRoot, resolve(runDirectory)),
    runId: plan.runId,
    savedAt: new Date().toISOString(),
  };
  writeFileAtomic(path, `${JSON.stringify(baseline, null, 2)}\n`);
}

/** @returns the run folder. @throws UsageError when there is no such name or its run is gone */
export function resolveBaseline(runRoot: string, name: string): string {
  const path = pathOf(runRoot, name);
  if (!existsSync(path)) {
    const known = listBaselines(runRoot).join(', ') || 'none saved yet';
    throw new UsageError(`no baseline ${name} under ${runRoot}; known: ${known}`);
  }
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    throw new UsageError(`${path}: not JSON, expected a saved baseline`);
  }
  const parsed = baselineSchema.safeParse(migrateDocument(document, 'baseline', path));
  if (!parsed.success) throw new UsageError(`${path}: ${zodProblem(parsed.error)}`);
  const directory = resolve(runRoot, parsed.data.run);
  const { plan } = readRun(directory);
  if (plan.runId !== parsed.data.runId) {
    throw new UsageError(
      `${path}: run ${parsed.data.runId} was saved, but ${directory} holds ${plan.runId}`,
    );
  }
  return directory;
}
