import { claimCases } from './claim-cases.ts';
import type { ConformanceCase } from './conformance-case.ts';
import { hmmCases } from './hmm-cases.ts';
import { invariantCases } from './invariant-cases.ts';
import { modelCases } from './model-cases.ts';
import { pageTableCases } from './page-table-cases.ts';
import { stagingCases } from './staging-cases.ts';

/** Every conformance case, in the order it runs. */
export const conformanceCases: readonly ConformanceCase[] = [
  ...hmmCases,
  ...pageTableCases,
  ...invariantCases,
  ...claimCases,
  ...stagingCases,
  ...modelCases,
];
