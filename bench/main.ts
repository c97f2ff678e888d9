#!/usr/bin/env node
import { main, reportInternalError } from './command-line.ts';
import { EXIT_USAGE } from './exit-code.ts';

/** Of a pipe, and of a terminal that was lost. */
const READER_GONE = ['EPIPE', 'EIO'];

// A reader that has seen enough (`head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (READER_GONE.includes(error.code ?? '')) process.exit();
  process.stderr.write(`xlt-bench: standard output: cannot be written (${error.code})
`);
  process.exit(EXIT_USAGE);
});

// Nor is one that has seen enough of the progress: the run goes on without it.
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (!READER_GONE.includes(error.code ?? '')) throw error;
});

// Outside of every command: node's own answer is 1, which would say regression.
process.on('uncaughtException', (error) => process.exit(reportInternalError(error)));

process.exitCode = await main(process.argv.slice(2));
