import { checkMethod, FORK_NOISES } from './method-check.ts';

const FORKS = [5, 10, 20];
const HEADER = [
  'noise between forks',
  'forks',
  'A/A: false alarm',
  'no difference seen',
  'too noisy',
  '+10 %: found',
  'missed',
  'interval holds it',
];

/** Run from the package root: `node dist/results/compare/print-method-check.js [repetitions] [seed]`. */
const [repetitions = 200, seed = 1] = process.argv.slice(2).map(Number);
if (!(Number.isInteger(repetitions) && repetitions > 0 && Number.isInteger(seed))) {
  process.stderr.write('print-method-check: expected repetitions >= 1 and a whole seed\n');
  process.exit(2);
}

const print = (line: string): boolean => process.stdout.write(`${line}\n`);
const share = (count: number): string => `${((100 * count) / repetitions).toFixed(1)} %`;
print(`| ${HEADER.join(' | ')} |`);
print(`|${HEADER.map(() => '---').join('|')}|`);
for (const noise of FORK_NOISES) {
  for (const forks of FORKS) {
    const row = checkMethod(noise, forks, repetitions, { seed });
    const counts = [row.falseAlarms, row.noDifference, row.tooNoisy];
    const planted = [row.found, row.missed, row.covered];
    const cells = [row.noise, row.forks, ...[...counts, ...planted].map(share)];
    print(`| ${cells.join(' | ')} |`);
  }
}
