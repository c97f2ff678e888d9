/** Writes the monotonic clock into the calling thread's block at THREAD_CLOCK: seconds, nanoseconds. */
export declare function tick(): void;
