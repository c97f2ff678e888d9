/**
 * The caller's input is at fault: an option, a file, a folder. The command line prints the message as
 * one line and exits with 2; nothing has been written. The message says what is wrong, where, and
 * what was expected.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
