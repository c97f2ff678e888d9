import { writeFileAtomic } from './atomic-file.ts';
import { recordJsonSchema } from './record-json-schema.ts';

/** Run from the package root: `node dist/results/write-record-schema.js`. */
writeFileAtomic('results/record.schema.json', `${JSON.stringify(recordJsonSchema(), null, 2)}\n`);
