import { rmSync } from 'node:fs';
import { UsageError } from '../../results/usage-error.ts';
import { RECORDING_PARTS, type RecordingFacts, type RecordingPart } from './recording-facts.ts';
import { partPath, RecordingText } from './recording-text.ts';
import type { StopSignals } from './stop-signals.ts';

/** A stop signal more than once: the user no longer wants the recording either. */
const SIGNALS_UNTIL_GIVING_UP = 3;

/** A finished recording. */
export interface Recording {
  /** The target's text first; or the binary trace alone. */
  readonly files: readonly string[];
  readonly facts: RecordingFacts;
}

/** The texts of a recording: all of them come into being, or none. */
export class RecordingTexts {
  readonly #texts: RecordingText[] = [];
  readonly #out: string;
  readonly #signals: StopSignals;

  constructor(out: string, signals: StopSignals) {
    this.#out = out;
    this.#signals = signals;
  }

  /** The files written so far. */
  get paths(): readonly string[] {
    return this.#texts.map((text) => text.path);
  }

  /** Copies a text. @returns how often each of `marks` occurs in it */
  async copy(
    part: RecordingPart,
    file: string,
    marks: readonly string[] = [],
  ): Promise<readonly number[]> {
    const text = new RecordingText(this.#out, part);
    this.#texts.push(text);
    const abort = new AbortController();
    this.#signals.handle((_, count) => {
      if (count >= SIGNALS_UNTIL_GIVING_UP) abort.abort();
    });
    try {
      return await text.copyFrom(file, marks, abort.signal);
    } catch (error) {
      if (abort.signal.aborted) {
        throw new UsageError('record: interrupted while saving: nothing is saved');
      }
      throw error;
    } finally {
      this.#signals.handle(undefined);
    }
  }

  async write(part: RecordingPart, lines: readonly string[]): Promise<void> {
    const text = new RecordingText(this.#out, part);
    this.#texts.push(text);
    await text.write(lines);
  }

  /**
   * The target's text gets its name last: when it is there, the others are. Parts of an earlier
   * recording that this one does not have go, lest they are taken for its own.
   */
  async finish(facts: RecordingFacts): Promise<Recording> {
    const absent = RECORDING_PARTS.map((part) => partPath(this.#out, part));
    for (const path of absent) if (!this.paths.includes(path)) rmSync(path, { force: true });
    for (const text of this.#texts.toReversed()) await text.finish(facts);
    return { files: this.paths, facts };
  }

  discard(): void {
    for (const text of this.#texts) text.discard();
  }
}
