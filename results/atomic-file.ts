import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from './usage-error.ts';

/** What a path or its disk can have against being written. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no folder of that name',
  ENOTDIR: 'part of its path is a file',
  EISDIR: 'it is a folder',
  EEXIST: 'it is a file, or a link that leads nowhere',
  ELOOP: 'its links lead nowhere',
  EBUSY: 'it is in use',
  EXDEV: 'it lies on another file system',
  EACCES: 'no permission',
  EPERM: 'no permission',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'no space left in the quota',
  ENAMETOOLONG: 'its name is too long',
};

/** @returns a UsageError where the path is at fault, the error itself where not */
export function writeError(path: string, error: unknown): unknown {
  const reason = REASONS[(error as NodeJS.ErrnoException).code ?? ''];
  return reason === undefined ? error : new UsageError(`${path}: cannot be written: ${reason}`);
}

/** @throws UsageError instead of the system's error where the path is at fault */
function writing<Result>(path: string, write: () => Result): Result {
  try {
    return write();
  } catch (error) {
    throw writeError(path, error);
  }
}

function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function writeSynced(path: string, flags: 'w' | 'a', bytes: Uint8Array): void {
  const handle = openSync(path, flags);
  try {
    for (let written = 0; written < bytes.length; ) {
      written += writeSync(handle, bytes, written);
    }
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/**
 * Writes a file so that a reader, or a crash, sees the old content or the new one, never a part.
 * @throws UsageError where the path cannot be written
 */
export function writeFileAtomic(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writing(path, () => {
    try {
      writeSynced(temporary, 'w', typeof content === 'string' ? Buffer.from(content) : content);
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
    syncDirectory(dirname(path));
  });
}

/**
 * Appends a whole line and waits until it is on disk.
 * @throws UsageError where the path cannot be written
 */
export function appendLineSynced(path: string, line: string): void {
  writing(path, () => writeSynced(path, 'a', Buffer.from(`${line}\n`)));
}

/**
 * Makes a folder, and those above it, unless it is there.
 * @throws UsageError where it cannot be made
 */
export function makeFolder(path: string): void {
  writing(path, () => makeMissing(path));
}

/** Not mkdir's `recursive`: it never ends where a folder, e.g. /proc, answers that it is not there. */
function makeMissing(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
    const parent = dirname(path);
    const isParentThere = lstatSync(parent, { throwIfNoEntry: false }) !== undefined;
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || isParentThere) throw error;
    makeMissing(parent);
    mkdirSync(path);
  }
}
