#!/usr/bin/env node
import { main, reportInternalError } from './command-line.ts';
import { EXIT_USAGE } from './exit-code.ts';

// A reader that has seen enough (`head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  process.stderr.write(`xlt-bench: standard output: cannot be written (${error.code})\n`);
  process.exit(EXIT_USAGE);
});

// Outside of every command: node's own answer is 1, which would say regression.
process.on('uncaughtException', (error) => process.exit(reportInternalError(error)));

process.exitCode = await main(process.argv.slice(2));
