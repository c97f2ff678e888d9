import type { ConformanceCase } from './conformance-case.ts';
import { hmmCases } from './hmm-cases.ts';
import { modelCases } from './model-cases.ts';

/** Every conformance case, in the order it runs. */
export const conformanceCases: readonly ConformanceCase[] = [...hmmCases, ...modelCases];
