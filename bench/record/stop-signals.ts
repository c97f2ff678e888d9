const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What a stop signal does at the moment; `count` tells how often the user has asked. */
export type StopHandler = (signal: NodeJS.Signals, count: number) => void;

/**
 * Takes over the signals that would end the recorder, from before the first change to the machine
 * until after the last one is undone.
 */
export class StopSignals {
  #count = 0;
  #handler: StopHandler | undefined;

  readonly #listener = (signal: NodeJS.Signals) => {
    this.#count++;
    this.#handler?.(signal, this.#count);
  };

  constructor() {
    for (const signal of STOP_SIGNALS) process.on(signal, this.#listener);
  }

  /** How many stop signals have come so far. */
  get count(): number {
    return this.#count;
  }

  handle(handler: StopHandler | undefined): void {
    this.#handler = handler;
  }

  close(): void {
    for (const signal of STOP_SIGNALS) process.off(signal, this.#listener);
  }
}
