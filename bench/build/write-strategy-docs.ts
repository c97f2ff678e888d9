// Writes docs/strategies.md:   npm run build && node dist/bench/build/write-strategy-docs.js
import { join } from 'node:path';
import { writeFileAtomic } from '../../results/atomic-file.ts';
import { packageRoot } from '../package-root.ts';
import { STRATEGY_DOCS, strategyDocs } from './strategy-docs.ts';

const file = join(packageRoot, STRATEGY_DOCS);
writeFileAtomic(file, strategyDocs());
process.stdout.write(`wrote ${STRATEGY_DOCS}\n`);
