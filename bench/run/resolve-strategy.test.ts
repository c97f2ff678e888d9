import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { manifest } from '../../strategies/manifest.ts';
import { resolveStrategy } from './resolve-strategy.ts';

const folder = mkdtempSync(join(tmpdir(), 'xlt-strategy-'));
const module = join(folder, 'idea.wasm');
writeFileSync(module, '');

afterAll(() => rmSync(folder, { recursive: true }));

function resolved(declared: unknown) {
  writeFileSync(join(folder, 'idea.json'), JSON.stringify(declared));
  return resolveStrategy(module);
}

const many = (count: number, item: object): object[] => Array.from({ length: count }, () => item);
const site = { name: 'fault', kind: 'table' };
const param = { name: 'spare', summary: 'pages', default: 1, min: 0, max: 9 };

describe('a manifest file', () => {
  it('may declare all or some of an entry', () => {
    for (const entry of manifest) {
      expect(resolved(entry).entry).toEqual({ ...entry, id: 'idea' });
    }
    const { entry, file } = resolved({ sites: [site] });
    expect(file).toBe(module);
    expect(entry).toMatchObject({ id: 'idea', title: 'idea', sites: [site], params: [] });
    expect(resolved({ sites: many(32, site), params: many(32, param) }).entry.sites.length).toBe(
      32,
    );
  });

  it.each([
    [[], 'expected'],
    ['text', 'expected'],
    [{ sites: { a: 1 } }, 'sites: expected a list of at most 32, got {"a":1}'],
    [{ params: 5 }, 'params: expected a list of at most 32, got 5'],
    [{ sites: many(33, site) }, 'sites: expected a list of at most 32'],
    [{ params: many(33, param) }, 'params: expected a list of at most 32'],
    [{ sites: [{ name: 'a', kind: 'tabel' }] }, 'sites[0].kind: expected one of table, staging'],
    [{ params: [{ ...param, default: 2 ** 31 }] }, 'params[0].default: expected an integer'],
    [{ lock: 'page' }, 'lock: expected one of region, block, own'],
    [{ guarantees: { translates: true } }, 'guarantees.allocatesInInvalidate: expected true'],
    [{ site: [] }, 'unknown key "site" (did you mean "sites"?)'],
  ])('is refused in one line where it is none: %j', (declared, message) => {
    let said = '';
    try {
      resolved(declared);
    } catch (error) {
      said = (error as Error).message;
    }
    expect(said).toContain(`strategy manifest ${join(folder, 'idea.json')}: `);
    expect(said).toContain(message);
    expect(said).not.toContain('\n');
  });
});
