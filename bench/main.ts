#!/usr/bin/env node
import { main, reportInternalError } from './command-line.ts';

// A reader that has seen enough (`head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

// Outside of every command: node's own answer is 1, which would say regression.
process.on('uncaughtException', (error) => process.exit(reportInternalError(error)));

process.exitCode = await main(process.argv.slice(2));
