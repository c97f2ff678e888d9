/**
 * This machine, its kernel or the caller's rights do not allow what was asked for; the input is
 * fine. The command line prints the message as one line and exits with 4. The message says what is
 * missing and what would make it possible.
 */
export class EnvironmentRefused extends Error {
  override readonly name = 'EnvironmentRefused';
  readonly exitCode = 4;
}
