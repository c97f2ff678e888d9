import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../package-root.ts';
import { findExecutable } from './executable.ts';

const COMPILERS = ['cc', 'gcc', 'clang'];
const COMPILE_TIMEOUT_MS = 60_000;

/** The compiled library, or the reason why there is none. */
export type KvmShim = { readonly library: string } | { readonly refusal: string };

/** A folder that only this user can write to: the library in it is loaded into other programs. */
function cacheFolder(root: string): string | undefined {
  const user = process.getuid?.() ?? 0;
  const candidates = [
    join(root, 'node_modules', '.cache', 'xlt-bench'),
    join(tmpdir(), `xlt-bench-${user}`),
  ];
  // LD_PRELOAD is a list separated by blanks and colons.
  for (const folder of candidates.filter((path) => !/[\s:]/.test(path))) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o755 });
      const stat = lstatSync(folder);
      if (!stat.isDirectory() || stat.uid !== user || (stat.mode & 0o022) !== 0) continue;
      accessSync(folder, constants.W_OK);
      return folder;
    } catch {
      // Not writable for this user: the next candidate.
    }
  }
  return undefined;
}

/**
 * The preload library of kvm-shim.c, compiled at its first use and kept in a cache folder under a
 * name made of the source's hash and the architecture.
 */
export function buildKvmShim(
  root = packageRoot,
  compilers: readonly string[] = COMPILERS,
): KvmShim {
  const source = join(root, 'bench', 'record', 'kvm-shim.c');
  const folder = cacheFolder(root);
  if (folder === undefined) return { refusal: 'no folder to keep the compiled library in' };
  const hash = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 16);
  const library = join(folder, `kvm-shim-${process.arch}-${hash}.so`);
  if (existsSync(library)) return { library };

  const compiler = compilers.map((name) => findExecutable(name)).find((path) => path !== undefined);
  if (compiler === undefined) return { refusal: `no C compiler (${compilers.join(', ')}) in PATH` };
  const unfinished = `${library}.${process.pid}`;
  const run = spawnSync(
    compiler,
    ['-O2', '-Wall', '-shared', '-fPIC', '-pthread', '-o', unfinished, source],
    { encoding: 'utf8', timeout: COMPILE_TIMEOUT_MS },
  );
  if (run.status !== 0) {
    rmSync(unfinished, { force: true });
    const reason = run.error?.message ?? run.stderr.trim().split('\n')[0] ?? '';
    return { refusal: `${compiler} does not compile ${source}: ${reason}` };
  }
  chmodSync(unfinished, 0o755);
  renameSync(unfinished, library);
  return { library };
}

/** Why no VM can be made on this machine, or undefined if it can. */
export function kvmRefusal(device = '/dev/kvm'): string | undefined {
  try {
    closeSync(openSync(device, 'r+'));
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT')
      return `there is no ${device} (load the kvm module, or enable nested KVM)`;
    if (code === 'EACCES' || code === 'EPERM')
      return `${device} is closed to this user (join the group that owns it)`;
    return `${device} cannot be opened: ${code} (load the kvm module, or enable nested KVM)`;
  }
}
