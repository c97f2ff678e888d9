import { createHash } from 'node:crypto';
import type { ZodError } from 'zod';
import { type CellRecord, type CellRecordInput, cellRecordSchema } from './cell-record.ts';
import { migrateDocument } from './schema-version.ts';
import { UsageError } from './usage-error.ts';

/** Digest of a stored record but for its times of day; finds a line that was edited by hand. */
function digestOf(stored: Record<string, unknown>): string {
  const { digest: _, startedAt: __, endedAt: ___, ...content } = stored;
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16);
}

/** First problem of a zod error as one line: `latency.fault.p50Ns: ...`. */
export function zodProblem(error: ZodError): string {
  const [issue] = error.issues;
  return `${issue?.path.join('.') || 'document'}: ${issue?.message ?? 'invalid'}`;
}

/** @returns the line of cells.ndjson, without its line end. @throws ZodError on a bad record */
export function formatRecordLine(input: CellRecordInput): string {
  const record = cellRecordSchema.parse(input);
  return JSON.stringify({ ...record, digest: digestOf(record) });
}

/**
 * @param where file and line for the message
 * @throws UsageError when the line is no JSON, no record of a readable version, or was edited
 */
export function parseRecordLine(line: string, where: string): CellRecord {
  let document: unknown;
  try {
    document = JSON.parse(line);
  } catch {
    throw new UsageError(`${where}: not a complete JSON object, expected one cell record per line`);
  }
  const migrated = migrateDocument(document, 'record', where);
  const stored = document as Record<string, unknown>;
  if (stored.digest !== undefined && stored.digest !== digestOf(stored)) {
    throw new UsageError(`${where}: the record does not match its digest; the line was changed`);
  }
  const parsed = cellRecordSchema.safeParse(migrated);
  if (!parsed.success) throw new UsageError(`${where}: ${zodProblem(parsed.error)}`);
  return parsed.data;
}
