/** Exit codes of every command. */
export const EXIT_GOOD = 0;
/** A regression was found, or a cell failed. */
export const EXIT_FAILED = 1;
/** Bad usage or bad input; nothing was written. */
export const EXIT_USAGE = 2;
/** The evidence does not decide. */
export const EXIT_INCONCLUSIVE = 3;
/** The environment does not allow it. */
export const EXIT_REFUSED = 4;
/** The program itself is at fault: EX_SOFTWARE of BSD's sysexits. */
export const EXIT_INTERNAL = 70;
/** Ctrl-C, as a shell reports it. */
export const EXIT_INTERRUPTED = 130;
