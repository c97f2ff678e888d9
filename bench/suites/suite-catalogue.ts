import { capacity } from './built-in/capacity.ts';
import { catalogue } from './built-in/catalogue.ts';
import { pressure } from './built-in/pressure.ts';
import { quick } from './built-in/quick.ts';
import { recordings } from './built-in/recordings.ts';
import { scaling } from './built-in/scaling.ts';
import { soak } from './built-in/soak.ts';
import { standard } from './built-in/standard.ts';
import { storms } from './built-in/storms.ts';
import type { SuiteInput } from './suite.ts';

/** Built-in suites, in the order lists show them. */
export const SUITES: readonly SuiteInput[] = [
  quick,
  standard,
  catalogue,
  storms,
  recordings,
  pressure,
  scaling,
  capacity,
  soak,
];
