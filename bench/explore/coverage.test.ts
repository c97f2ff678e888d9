import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { manifest } from '../../strategies/manifest.ts';
import { conformanceCoverage } from './conformance-coverage.ts';
import { explore } from './explore.ts';
import { loadExplored, type StrategySource } from './explored-strategy.ts';
import { compileAssemblyScript, racyCounter, racySource } from './fixtures/racy-counter.ts';
import { renderExploration } from './render-exploration.ts';

const folder = mkdtempSync(join(tmpdir(), 'xlt-coverage-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** racySource with one text replaced, as a strategy of one's own. */
async function strategyWith(id: string, text: string, by: string): Promise<StrategySource> {
  const source = racySource.replace(text, by);
  expect(source).not.toBe(racySource);
  const entry = { ...racyCounter, id, language: 'assemblyscript' } as const;
  return { entry, file: await compileAssemblyScript(folder, id, source) };
}

function exploreFew(strategy: StrategySource, conformance: boolean) {
  const options = { scenarios: [], schedules: 2, seed: 1, scheduler: 'random' } as const;
  return explore({ strategies: [strategy], conformance, ...options });
}

const lazyBatch = { entry: manifest.find(({ id }) => id === 'lazy-batch')! };

describe('coverage', () => {
  it('is the union of what the conformance suite and the exploration access', async () => {
    // Explored worlds have the smallest arena that will do, the suite's a larger one.
    const strategy = await strategyWith(
      'two-sizes',
      'maintain(region: usize): void {}',
      `maintain(region: usize): void {
        if (load<u32>(PLAN_ARENA_PAGES) < 512) store<u64>(region + PRESENT, 1, 4);
        else store<u64>(region + PRESENT, 2, 4);
      }`,
    );
    const report = await exploreFew(strategy, true);
    const { sites, hit, hitByConformance, hitByExploration, neverHit } =
      report.strategies[0]!.coverage;
    expect(hit).toBeGreaterThan(hitByConformance!);
    expect(hit).toBeGreaterThan(hitByExploration);
    expect(hit).toBeLessThanOrEqual(hitByConformance! + hitByExploration);
    expect(hit + neverHit.length).toBe(sites);
  });

  it('is of the exploration alone when the suite is not run', async () => {
    const { coverage } = (await exploreFew(lazyBatch, false)).strategies[0]!;
    expect(coverage.hitByConformance).toBeNull();
    expect(coverage.hit).toBe(coverage.hitByExploration);
  });

  it('lists the one access that nobody makes', async () => {
    const strategy = await strategyWith(
      'never-made',
      'maintain(region: usize): void {}',
      `maintain(region: usize): void {
        if (load<u32>(region, REGION_PAGE_COUNT) == 77777) store<u64>(region + PRESENT, 1, 4);
      }`,
    );
    const report = await exploreFew(strategy, true);
    const { neverHit } = report.strategies[0]!.coverage;
    expect(neverHit).toEqual([
      { function: 'maintain', instruction: 'i64.store offset=200', site: expect.any(Number) },
    ]);
    expect(renderExploration(report).split('\n')).toEqual(
      expect.arrayContaining([
        '  never reached: 1 access',
        `    maintain: i64.store offset=200 #${neverHit[0]!.site}`,
      ]),
    );
  });
});

describe('the coverage of the conformance suite', () => {
  it('counts the failure paths that only the sweeps take', async () => {
    // Nothing but a failing allocation makes the table's address 0 in init.
    const strategy = await strategyWith(
      'refused',
      'return table == 0 ? ENOMEM : OK;',
      'if (table == 0) { store<u16>(region + PRESENT, 1); return ENOMEM; }\n  return OK;',
    );
    const explored = await loadExplored(strategy);
    const refusal = explored.strategy.sites.find(({ instruction }) => /store16/.test(instruction))!;
    expect(conformanceCoverage(explored, 1).has(refusal.id)).toBe(true);
    const { neverHit } = (await exploreFew(strategy, false)).strategies[0]!.coverage;
    expect(neverHit.map(({ site }) => site)).toContain(refusal.id);
  });

  it('comes to an end for a module that does not', async () => {
    const strategy = await strategyWith(
      'endless',
      'core.lockAcquire(region + REGION_LOCK);\n  let zapped',
      'while (load<u32>(region + PRESENT) != 77) {}\n  let zapped',
    );
    const explored = await loadExplored(strategy);
    const hit = conformanceCoverage(explored, 1);
    const inInvalidate = explored.strategy.sites.filter((site) => site.function === 'invalidate');
    // The loop's own load is made, what follows it is not.
    expect(inInvalidate.map(({ id }) => hit.has(id))).toEqual(
      inInvalidate.map((_, index) => index === 0),
    );
  });
});
