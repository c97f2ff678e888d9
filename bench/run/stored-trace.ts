import { readFileSync, writeFileSync } from 'node:fs';
import type { PageTrace } from '../workloads/page-trace.ts';

/** u32 length of the header | header (JSON: the trace without its events) | events */
export function writeStoredTrace(file: string, { events, ...rest }: PageTrace): void {
  const header = Buffer.from(JSON.stringify(rest));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  writeFileSync(file, Buffer.concat([length, header, events]));
}

/** Reads what writeStoredTrace wrote. */
export function readStoredTrace(file: string): PageTrace {
  const bytes = readFileSync(file);
  const end = 4 + bytes.readUInt32LE(0);
  const rest = JSON.parse(bytes.toString('utf8', 4, end)) as Omit<PageTrace, 'events'>;
  return { ...rest, events: new Uint8Array(bytes.subarray(end)) };
}
