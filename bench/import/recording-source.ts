import { basename } from 'node:path';
import { UsageError } from '../../results/usage-error.ts';
import type { SourceFacts } from '../trace/trace-metadata.ts';
import { BpftraceScanner } from './bpftrace-scanner.ts';
import { InputText } from './input-text.ts';
import { PerfScanner } from './perf-scanner.ts';
import { PollScanner } from './poll-scanner.ts';
import { detectFormat, type RecordingFormat } from './recording-format.ts';
import type { Scanner } from './scanner.ts';
import { StraceScanner } from './strace-scanner.ts';
import { TracefsScanner } from './tracefs-scanner.ts';

/** A malformed line now and then is counted; a file of them is no recording. */
const MALFORMED_SHARE_MAX = 0.01;
const MALFORMED_MIN = 10;

const SCANNERS: Readonly<Record<RecordingFormat, (input: InputText) => Scanner>> = {
  tracefs: (input) => new TracefsScanner(input),
  'perf-script': (input) => new PerfScanner(input),
  strace: (input) => new StraceScanner(input),
  poll: (input) => new PollScanner(input),
  bpftrace: (input) => new BpftraceScanner(input),
};

/** One recording that is being read: its text, its scanner, and what it was. */
export class RecordingSource {
  readonly #input: InputText;
  readonly scanner: Scanner;
  readonly format: RecordingFormat;

  private constructor(input: InputText, format: RecordingFormat) {
    this.#input = input;
    this.format = format;
    this.scanner = SCANNERS[format](input);
  }

  /** @throws UsageError when the file is missing, empty, binary or of another kind */
  static async open(path: string): Promise<RecordingSource> {
    const input = new InputText(path);
    try {
      if (!(await input.fill())) {
        throw new UsageError(`${input.name}: empty, expected the text of a recorder`);
      }
      return new RecordingSource(input, detectFormat(input));
    } catch (error) {
      await input.close();
      throw error;
    }
  }

  /** Brings more text; false at the end. */
  fill(): Promise<boolean> {
    return this.#input.fill();
  }

  close(): Promise<void> {
    return this.#input.close();
  }

  /** The next event, in memory or not; false at the end. */
  async next(): Promise<boolean> {
    while (!this.scanner.next()) if (!(await this.fill())) return false;
    return true;
  }

  /**
   * Facts at the end of the file.
   * @throws UsageError when the last line is cut off or too many lines are malformed
   */
  finish(): SourceFacts {
    const { scanner } = this;
    scanner.settleCounts();
    const bad = scanner.firstMalformed;
    const limit = Math.max(MALFORMED_MIN, scanner.line * MALFORMED_SHARE_MAX);
    if (bad && (scanner.malformedLines > limit || this.#isCutOff(bad.line))) {
      const cut = this.#isCutOff(bad.line) ? 'the file is cut off in this line' : 'not a line';
      throw new UsageError(
        `${scanner.name}:${bad.line}: ${cut} ("${bad.text.slice(0, 60)}"; ${scanner.malformedLines} malformed lines), expected ${scanner.expected}`,
      );
    }
    if (scanner.malformedLines > 0) scanner.notes.set('malformed lines', scanner.malformedLines);
    return {
      name: basename(scanner.name),
      format: this.format,
      sha256: this.#input.sha256(),
      bytes: this.#input.fileBytes,
      lines: scanner.line,
    };
  }

  #isCutOff(line: number): boolean {
    return this.#input.isLastLineOpen && line === this.scanner.line;
  }
}
