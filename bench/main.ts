#!/usr/bin/env node
import { main } from './command-line.ts';

// A reader that has seen enough (`head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

process.exitCode = await main(process.argv.slice(2));
