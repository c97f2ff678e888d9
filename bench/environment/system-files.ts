import { readFileSync } from 'node:fs';

/** Reads a file of /proc or /sys; null where the system does not expose it. */
export type SystemFiles = (path: string) => string | null;

export const systemFiles: SystemFiles = (path) => {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
};

const CGROUP_ROOT = '/sys/fs/cgroup';

/** Files of this process's control group, whichever version mounts them. */
export interface ControlGroup {
  readonly version: 1 | 2 | null;
  /** @param controller only version 1 has one folder per controller */
  readonly read: (controller: string, file: string) => string | null;
}

/** Finds the control group through /proc/self/cgroup; inside a container its root stands for it. */
export function controlGroup(files: SystemFiles): ControlGroup {
  const lines = (files('/proc/self/cgroup') ?? '').split('\n').map((line) => line.split(':'));
  const unified = lines.find(([id]) => id === '0')?.[2];
  const isUnified = files(`${CGROUP_ROOT}/cgroup.controllers`) !== null;
  if (isUnified && unified !== undefined) {
    const read = (_controller: string, file: string): string | null =>
      files(`${CGROUP_ROOT}${unified}/${file}`) ?? files(`${CGROUP_ROOT}/${file}`);
    return { version: 2, read };
  }
  const paths = new Map<string, string>();
  for (const [, controllers = '', path = ''] of lines) {
    for (const controller of controllers.split(',')) paths.set(controller, path);
  }
  const read = (controller: string, file: string): string | null => {
    const path = paths.get(controller) ?? '';
    const folder = `${CGROUP_ROOT}/${controller}`;
    return files(`${folder}${path}/${file}`) ?? files(`${folder}/${file}`);
  };
  return { version: [...paths.keys()].some((name) => name !== '') ? 1 : null, read };
}
