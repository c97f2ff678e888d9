import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { manifest } from '../../strategies/manifest.ts';
import { packageRoot } from '../package-root.ts';
import { STRATEGY_DOCS, strategyDocs } from './strategy-docs.ts';

describe('docs/strategies.md', () => {
  it('is what manifest and headers say (else: node dist/bench/build/write-strategy-docs.js)', () => {
    expect(readFileSync(join(packageRoot, STRATEGY_DOCS), 'utf8')).toBe(strategyDocs());
  });

  it.each(manifest.map(({ id }) => id))('describes %s and its memory', (id) => {
    const entry = manifest.find((other) => other.id === id)!;
    const section = strategyDocs()
      .split('\n### ')
      .find((text) => text.startsWith(`${id}\n`));
    expect(section).toContain(`memory for 1 GiB at 4 KiB: ${entry.memory.at4k}`);
    expect(section).toContain(entry.source);
  });
});
