import { expect, test } from 'vitest';
import { rerunCommand, shellWord } from './rerun-command.ts';

test('a rerun keeps what decides the cell and drops where the run went', () => {
  const command = `xlt-bench run quick --out a/b --set workload.x='{"a": 1}' --forks 3 --seed=9 --force`;
  expect(rerunCommand({ command, seed: 7 }, 'noop.storm.ideal.storm-12345678')).toBe(
    `xlt-bench run quick --set workload.x='{"a": 1}' --forks 3 --seed 7 --cell noop.storm.ideal.storm-12345678`,
  );
});

test('a command that is no run has no rerun', () => {
  expect(rerunCommand({ command: 'rm -rf x', seed: 7 }, 'a')).toBeNull();
});

test('words that a shell would split or expand are quoted', () => {
  expect(["it's", 'a b', '$x', 'plain=1'].map(shellWord)).toEqual([
    `'it'\\''s'`,
    `'a b'`,
    `'$x'`,
    'plain=1',
  ]);
});
