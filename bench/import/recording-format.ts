import { UsageError } from '../../results/usage-error.ts';
import type { SourceFacts } from '../trace/trace-metadata.ts';
import type { InputText } from './input-text.ts';

export type RecordingFormat = SourceFacts['format'];

/** What a line of each format looks like; the first that fits most of the first lines wins. */
const LINE_PATTERNS: readonly (readonly [RecordingFormat, RegExp])[] = [
  ['poll', /^(# poll pid=\d+|\d+\.\d+ (MAP|UNMAP|UNMAPVMA|MOVE|PMDSPLIT|COLLAPSE) 0x)/],
  ['bpftrace', /^\d+,\d+,.*,(0x)?[0-9a-f]+,(0x)?[0-9a-f]+\r?$/],
  ['tracefs', /^# tracer:|-\d+\s+(\(\s*[\d-]+\)\s+)?\[\d+\]\s+(\S+\s+)?\d+\.\d+: \w/],
  ['perf-script', /\s\d+(\/\d+)?\s+\[\d+\]\s+\d+\.\d+:\s+[\w-]+:[\w-]+:/],
  ['strace', /^(\[pid +\d+\] |\d+ +)?\d+\.\d+ (\w+\(|<\.\.\. \w+ resumed>|\+\+\+ |--- )/],
];
const SAMPLE_LINES = 60;
const SAMPLE_BYTES = 65536;
const SUPPORTED = 'tracefs text, perf script text, strace -f -ttt text, poll text or bpftrace CSV';

/**
 * Tells the format from the first lines; `input` must have been filled once.
 * @throws UsageError when the file is binary or no known recorder's text
 */
export function detectFormat(input: InputText): RecordingFormat {
  const head = Buffer.from(
    input.bytes.subarray(input.position, Math.min(input.limit, input.position + SAMPLE_BYTES)),
  );
  const text = head.toString('latin1');
  refuseKnownBinary(text, input.name);
  const lines = text.split('\n').slice(0, SAMPLE_LINES);
  let best: RecordingFormat | undefined;
  let bestCount = 0;
  for (const [format, pattern] of LINE_PATTERNS) {
    const count = lines.filter((line) => pattern.test(line)).length;
    if (count > bestCount) {
      best = format;
      bestCount = count;
    }
  }
  if (best) return best;
  if (head.some((byte) => byte < 9 || (byte > 13 && byte < 27))) {
    throw new UsageError(`${input.name}: a binary file, expected ${SUPPORTED}`);
  }
  const first = lines.find((line) => line.trim() !== '' && !line.startsWith('#')) ?? lines[0] ?? '';
  const shown = first
    .replace(/[^ -~]/g, '?')
    .slice(0, 60)
    .trim();
  throw new UsageError(
    `${input.name}:${lines.indexOf(first) + 1}: not a recording that can be imported ("${shown}"), expected ${SUPPORTED}`,
  );
}

function refuseKnownBinary(text: string, name: string): void {
  const hints: readonly (readonly [string, string])[] = [
    [
      'PERFILE2',
      'a perf.data file, expected its text: perf script --ns -F comm,pid,tid,cpu,time,event,trace',
    ],
    ['\x17\x08\x44tracing', 'a trace.dat file, expected its text: trace-cmd report'],
    ['XLTRACE\n', 'already an imported .xlt trace, expected the text of a recorder'],
  ];
  for (const [magic, message] of hints) {
    if (text.startsWith(magic)) throw new UsageError(`${name}: ${message}`);
  }
}
