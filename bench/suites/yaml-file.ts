import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { UsageError } from '../../results/usage-error.ts';

/** A line of the file may be as long as the file. */
const REASON_LENGTH_MAX = 200;

/**
 * The value in a YAML file.
 *
 * @param where names the file; begins the message
 * @throws {UsageError} one line: what cannot be read, is empty, is no text or no YAML
 */
export function readYamlFile(file: string, where: string): unknown {
  let value: unknown;
  try {
    value = parse(textOf(readFileSync(file)));
  } catch (error) {
    const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new UsageError(`${where}: ${line.replace(/:$/, '').slice(0, REASON_LENGTH_MAX)}`);
  }
  if (value === null) throw new UsageError(`${where}: the file is empty`);
  return value;
}

function textOf(bytes: Buffer): string {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });
  try {
    if (!bytes.includes(0)) return text.decode(bytes);
  } catch {
    // The same answer as for a zero byte.
  }
  throw new Error('expected YAML, got a binary file');
}
