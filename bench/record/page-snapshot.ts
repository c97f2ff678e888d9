import { closeSync, openSync, readSync } from 'node:fs';
import { type MappedArea, readMappedAreas } from './mapped-areas.ts';

const PAGE_BYTES = 4096;
const HUGE_PAGES = 512;
const ENTRY_BYTES = 8;
const CHUNK_ENTRIES = 65_536;
/** Walking pagemap costs 2 MiB of reading per GiB; a sparse space of terabytes is not worth it. */
const MAX_AREA_BYTES = 64 * 2 ** 30;
const PRESENT = 0x8000_0000;
const PFN_HIGH_MASK = 0x7f_ffff;
/**
 * The flags that tell one run of pages from the next (include/uapi/linux/kernel-page-flags.h): MMAP,
 * ANON, SWAPBACKED, HUGE, KSM, THP, ZERO_PAGE. Age, dirtiness and the position in a compound page
 * differ from page to page and are printed of the run's first page only.
 */
const RUN_FLAGS = (1 << 11) | (1 << 12) | (1 << 14) | (1 << 17) | (1 << 21) | (1 << 22) | (1 << 24);
const THP_FLAG = 1 << 22;

interface Run {
  va: number;
  pages: number;
  pfn: number;
  flags: number;
}

/** The pages a process had at one moment, as poll text (docs/recording.md). */
export interface PageSnapshot {
  readonly lines: readonly string[];
  readonly presentPages: number;
  /** Areas that were too large to walk, in bytes. */
  readonly skippedBytes: number;
  /** Physical page numbers need root; without them they read 0. */
  readonly physical: boolean;
}

function openForReading(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch {
    return undefined;
  }
}

/** Reads kpageflags for consecutive physical pages; without the right to it all flags are 0. */
function readFlags(file: number | undefined, pfn: number, pages: number): Uint32Array {
  const words = new Uint32Array(pages * 2);
  if (file !== undefined && pfn > 0) readSync(file, words, 0, words.byteLength, pfn * ENTRY_BYTES);
  return words;
}

/** Splits pages with consecutive physical numbers where the kind of the page changes. */
function splitByFlags(run: Run, flagsFile: number | undefined, into: Run[]): void {
  const words = readFlags(flagsFile, run.pfn, run.pfn > 0 ? run.pages : 1);
  const flagsOf = (page: number) => words[page * 2]! + words[page * 2 + 1]! * 2 ** 32;
  let first = 0;
  for (let page = 1; page <= run.pages; page++) {
    const ends =
      page === run.pages ||
      (run.pfn > 0 && ((words[page * 2]! ^ words[first * 2]!) & RUN_FLAGS) !== 0);
    if (!ends) continue;
    into.push({
      va: run.va + first * PAGE_BYTES,
      pages: page - first,
      pfn: run.pfn > 0 ? run.pfn + first : 0,
      flags: flagsOf(first),
    });
    first = page;
  }
}

/** The runs of present pages of one area whose physical numbers are consecutive (or all hidden). */
function readRuns(pagemap: number, area: MappedArea): Run[] {
  const runs: Run[] = [];
  let last: Run | undefined;
  const words = new Uint32Array(CHUNK_ENTRIES * 2);
  for (let va = area.start; va < area.end; va += CHUNK_ENTRIES * PAGE_BYTES) {
    const entries = Math.min(CHUNK_ENTRIES, (area.end - va) / PAGE_BYTES);
    const got = readSync(pagemap, words, 0, entries * ENTRY_BYTES, (va / PAGE_BYTES) * ENTRY_BYTES);
    for (let entry = 0; entry < got / ENTRY_BYTES; entry++) {
      const high = words[entry * 2 + 1]!;
      if ((high & PRESENT) === 0) {
        last = undefined;
        continue;
      }
      const pfn = (high & PFN_HIGH_MASK) * 2 ** 32 + words[entry * 2]!;
      const joins = last !== undefined && pfn === (last.pfn === 0 ? 0 : last.pfn + last.pages);
      if (joins) {
        last!.pages++;
        continue;
      }
      last = { va: va + entry * PAGE_BYTES, pages: 1, pfn, flags: 0 };
      runs.push(last);
    }
  }
  return runs;
}

/** Cuts the aligned 2 MiB blocks of huge folios out of a run: those that one PMD may map. */
function splitHuge(run: Run): { readonly run: Run; readonly block: boolean }[] {
  const firstPage = run.va / PAGE_BYTES;
  const aligned = (firstPage - run.pfn) % HUGE_PAGES === 0;
  const lead = (HUGE_PAGES - (firstPage % HUGE_PAGES)) % HUGE_PAGES;
  if ((run.flags & THP_FLAG) === 0 || !aligned || run.pages < lead + HUGE_PAGES) {
    return [{ run, block: false }];
  }
  const pieces: { run: Run; block: boolean }[] = [];
  const piece = (from: number, pages: number, block: boolean) => {
    if (pages === 0) return;
    const va = run.va + from * PAGE_BYTES;
    pieces.push({ run: { va, pages, pfn: run.pfn + from, flags: run.flags }, block });
  };
  piece(0, lead, false);
  let from = lead;
  for (; from + HUGE_PAGES <= run.pages; from += HUGE_PAGES) piece(from, HUGE_PAGES, true);
  piece(from, run.pages - from, false);
  return pieces;
}

function formatArea(area: MappedArea, runs: readonly Run[], time: string): string[] {
  const pieces = runs.flatMap(splitHuge);
  const blocks = pieces.filter((piece) => piece.block).length;
  // A huge folio may be mapped by 4k entries. smaps counts what PMDs map: if that is all of the
  // area's blocks each of them is huge, if it is less nobody says which.
  const allHuge = blocks > 0 && area.hugeBytes === blocks * HUGE_PAGES * PAGE_BYTES;
  return pieces.map(({ run, block }) => {
    const size = (run.pages * PAGE_BYTES).toString(16);
    const frame = `${run.pfn.toString(16)} ${run.flags.toString(16)}`;
    const huge = block && allHuge ? ' PMD' : '';
    return `${time} MAP 0x${run.va.toString(16)} 0x${size} 0 ${frame}${huge}`;
  });
}

/**
 * Reads the present pages of a process: VMAs from smaps, page numbers from pagemap, their kind from
 * kpageflags (proc_pid_pagemap(5), Documentation/admin-guide/mm/pagemap.rst).
 *
 * @param timeNs the time printed in each line, in the recording's clock
 * @throws the file system's error if the process is gone or closed to the caller
 */
export function takePageSnapshot(pid: number, timeNs: bigint): PageSnapshot {
  const time = `${timeNs / 1_000_000_000n}.${String((timeNs / 1000n) % 1_000_000n).padStart(6, '0')}`;
  const pagemap = openSync(`/proc/${pid}/pagemap`, 'r');
  const flagsFile = openForReading('/proc/kpageflags');
  const lines: string[] = [];
  let presentPages = 0;
  let skippedBytes = 0;
  let physical = false;
  try {
    for (const area of readMappedAreas(pid)) {
      const bounds = `0x${area.start.toString(16)}-0x${area.end.toString(16)}`;
      lines.push(`# vma ${bounds} ${area.rights} ${area.kind}`);
      if (area.residentBytes === 0) continue;
      if (area.end - area.start > MAX_AREA_BYTES) {
        skippedBytes += area.end - area.start;
        continue;
      }
      const runs: Run[] = [];
      for (const run of readRuns(pagemap, area)) {
        presentPages += run.pages;
        physical ||= run.pfn > 0;
        splitByFlags(run, flagsFile, runs);
      }
      lines.push(...formatArea(area, runs, time));
    }
  } finally {
    closeSync(pagemap);
    if (flagsFile !== undefined) closeSync(flagsFile);
  }
  return { lines, presentPages, skippedBytes, physical };
}
