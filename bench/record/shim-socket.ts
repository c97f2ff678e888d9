import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentRefused } from './environment-refused.ts';
import { isRunning, readProcessStat } from './process-stat.ts';

/** `xlt-bench-shim.PID.STARTTICKS.random`: whose it is, so that a killed recorder's can go. */
const FOLDER_NAME = /^xlt-bench-shim\.(\d+)\.(\d+)\.\w+$/;

/** What the preloaded library reports of the recorded command (kvm-shim.c). */
export interface ShimListener {
  /** The program has been loaded, and owns a VM or could not make one. */
  started(ownsVm: boolean): void;
  /** The program is about to exit; its address space is whole as long as this call lasts. */
  ending(): void;
}

/** sun_path of unix(7), without its final NUL. */
const SOCKET_PATH_BYTES_MAX = 107;

function removeStaleFolders(): void {
  for (const name of readdirSync(tmpdir())) {
    const match = FOLDER_NAME.exec(name);
    if (match === null || isRunning(Number(match[1]), match[2]!)) continue;
    try {
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
    } catch {
      // Another user's.
    }
  }
}

/**
 * The Unix socket on which the preloaded library stops the program at its start and before its end,
 * so that its page tables can be read.
 */
export class ShimSocket {
  readonly path: string;
  readonly #folder: string;
  readonly #server: Server;

  private constructor(folder: string, path: string, server: Server) {
    this.#folder = folder;
    this.path = path;
    this.#server = server;
  }

  static async listen(listener: ShimListener): Promise<ShimSocket> {
    removeStaleFolders();
    const startTicks = readProcessStat('self')?.startTicks ?? '0';
    const prefix = join(tmpdir(), `xlt-bench-shim.${process.pid}.${startTicks}.`);
    // Node binds a longer path cut off, to another file.
    if (Buffer.byteLength(prefix) > SOCKET_PATH_BYTES_MAX - '123456/socket'.length) {
      throw new EnvironmentRefused(
        `record: ${tmpdir()} is too long a name for a Unix socket: set TMPDIR to a shorter one`,
      );
    }
    const folder = mkdtempSync(prefix);
    const path = join(folder, 'socket');
    const server = createServer((connection) => {
      // The program may be killed while it waits.
      connection.on('error', () => {});
      connection.once('data', (bytes) => {
        const letter = bytes.toString('latin1', 0, 1);
        if (letter === 'E') listener.ending();
        else if (letter === 'S' || letter === 's') listener.started(letter === 'S');
        connection.destroy();
      });
    });
    await once(server.listen(path), 'listening');
    // The program may have given up the recorder's rights before it gets here.
    chmodSync(folder, 0o711);
    chmodSync(path, 0o777);
    return new ShimSocket(folder, path, server);
  }

  close(): void {
    this.#server.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
