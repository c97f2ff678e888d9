/** What one probe measured: figures by name, units last in the names. */
export type ProbeFigures = Readonly<Record<string, number>>;

/** Measurements that need a process of their own, with the flags of a cell's process. */
export const PROBES = ['driver', 'replay', 'scale', 'sharing', 'import', 'laps'] as const;
export type ProbeName = (typeof PROBES)[number];
