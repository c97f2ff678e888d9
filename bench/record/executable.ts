import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The file that exec would run for `name`, searched in PATH as execvp does; undefined if none. */
export function findExecutable(name: string, path = process.env.PATH ?? ''): string | undefined {
  if (name.includes('/')) return isExecutable(name) ? name : undefined;
  for (const folder of path.split(delimiter)) {
    const candidate = join(folder === '' ? '.' : folder, name);
    if (isExecutable(candidate)) return candidate;
  }
  return undefined;
}
