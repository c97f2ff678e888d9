import { readFileSync } from 'node:fs';

/** One VMA of a process, as /proc/PID/smaps shows it; addresses and sizes in bytes. */
export interface MappedArea {
  readonly start: number;
  readonly end: number;
  /** `rwxp` or `rwxs`, a dash for each right that is missing. */
  readonly rights: string;
  /** `anon`, `heap`, `stack` or `file`: enough to read a recording, and no paths in it. */
  readonly kind: string;
  readonly residentBytes: number;
  /** Bytes mapped by 2 MiB entries of the CPU's table. */
  readonly hugeBytes: number;
  readonly pageBytes: number;
}

const HEAD = /^([0-9a-f]+)-([0-9a-f]+) ([-rwxps]{4}) \S+ \S+ \d+ *(.*)$/;
const FIELD = /^(\w+): +(\d+) kB$/;
const HUGE_FIELDS = new Set(['AnonHugePages', 'ShmemPmdMapped', 'FilePmdMapped']);

function kindOf(name: string): string {
  if (name === '' || name.startsWith('[anon')) return 'anon';
  return /^\[(heap|stack)\]$/.exec(name)?.[1] ?? 'file';
}

/**
 * Reads the text of /proc/PID/smaps. Areas above 2^53 (vsyscall, and 5-level addresses above it) are
 * left out: no number holds their addresses.
 */
export function parseSmaps(text: string): MappedArea[] {
  const areas: MappedArea[] = [];
  let area: { -readonly [Key in keyof MappedArea]: MappedArea[Key] } | undefined;
  for (const line of text.split('\n')) {
    const head = HEAD.exec(line);
    if (head !== null) {
      area = {
        start: Number.parseInt(head[1]!, 16),
        end: Number.parseInt(head[2]!, 16),
        rights: head[3]!,
        kind: kindOf(head[4]!),
        residentBytes: 0,
        hugeBytes: 0,
        pageBytes: 4096,
      };
      if (area.end <= Number.MAX_SAFE_INTEGER) areas.push(area);
      continue;
    }
    const field = FIELD.exec(line);
    if (field === null || area === undefined) continue;
    const bytes = Number(field[2]) * 1024;
    if (field[1] === 'Rss') area.residentBytes = bytes;
    else if (field[1] === 'KernelPageSize') area.pageBytes = bytes;
    else if (HUGE_FIELDS.has(field[1]!)) area.hugeBytes += bytes;
  }
  return areas;
}

/** @throws the file system's error if the process is gone or closed to the caller */
export function readMappedAreas(pid: number): MappedArea[] {
  return parseSmaps(readFileSync(`/proc/${pid}/smaps`, 'utf8'));
}
