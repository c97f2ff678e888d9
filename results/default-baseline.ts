/** What others are compared with where nobody named a baseline and it is there: the plainest of all tables. */
export const DEFAULT_BASELINE = 'flat-preallocated';
