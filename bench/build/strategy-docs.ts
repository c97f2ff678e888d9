import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { manifest, type StrategyEntry } from '../../strategies/manifest.ts';
import { packageRoot } from '../package-root.ts';

/** The page, below the package's folder. */
export const STRATEGY_DOCS = join('docs', 'strategies.md');

const PARTS: readonly {
  readonly title: string;
  readonly kinds: readonly StrategyEntry['kind'][];
}[] = [
  { title: 'Strategies', kinds: ['strategy'] },
  { title: 'The floor', kinds: ['floor'] },
  { title: 'Controls: unsafe on purpose, and caught', kinds: ['control'] },
  { title: 'Canaries: one broken invariant each, and caught', kinds: ['canary'] },
];

/** docs/strategies.md: a table of all strategies, then each one's manifest entry and file header. */
export function strategyDocs(): string {
  const parts = PARTS.map(({ title, kinds }) => {
    const entries = manifest.filter(({ kind }) => kinds.includes(kind));
    return [`## ${title}`, ...entries.map(section)].join('\n\n');
  });
  return [
    '# Strategies',
    'Generated from `strategies/manifest*.ts` and the headers of the source files by ' +
      '`bench/build/write-strategy-docs.ts`; do not edit. What the words mean: `core/LANGUAGE.md`.',
    'Memory is that of the table for one GiB mapped at 4 KiB and at 2 MiB. *Notifier*: may an ' +
      'invalidation ask for memory (it may never fail). *Update*: may it fail for want of memory. ' +
      '*Collateral*: pages that the invalidation of one page may zap at most. All with default parameters.',
    overview(),
    ...parts,
  ]
    .join('\n\n')
    .concat('\n');
}

function overview(): string {
  const rows = manifest
    .filter(({ kind }) => kind === 'strategy' || kind === 'control')
    .map(({ id, family, kind, bytesPerGiB, guarantees }) => [
      `[${id}](#${id})${kind === 'control' ? ' (control)' : ''}`,
      family,
      bytesText(bytesPerGiB.at4k),
      bytesText(bytesPerGiB.at2m),
      guarantees.allocatesInInvalidate ? 'may allocate' : 'never allocates',
      guarantees.updateCanFail ? 'can fail' : 'cannot fail',
      guarantees.collateralPages.toLocaleString('en'),
    ]);
  const head = ['strategy', 'family', '4 KiB', '2 MiB', 'notifier', 'update', 'collateral'];
  return table(head, rows);
}

function bytesText(bytes: number | null): string {
  if (bytes === null) return 'it depends';
  if (bytes === 0) return '0';
  const mib = bytes / 2 ** 20;
  return mib >= 1 ? `${Number(mib.toFixed(2))} MiB` : `${Number((bytes / 1024).toFixed(1))} KiB`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function section(entry: StrategyEntry): string {
  const { id, title, params, excused } = entry;
  const blocks = [`### ${id}`, `*${title}* (${entry.family}). ${entry.summary}`, facts(entry)];
  if (params.length > 0) {
    const rows = params.map(({ name, default: value, min, max, summary }) => [
      `\`${name}\``,
      value.toLocaleString('en'),
      `${min.toLocaleString('en')} to ${max.toLocaleString('en')}`,
      summary,
    ]);
    blocks.push(table(['parameter', 'default', 'range', 'meaning'], rows));
  }
  blocks.push(headerOf(entry));
  if (excused !== undefined) {
    const reasons = Object.entries(excused).map(([name, reason]) => `- \`${name}\`: ${reason}`);
    blocks.push(`Excused from these conformance cases:\n\n${reasons.join('\n')}`);
  }
  return blocks.join('\n\n');
}

function facts(entry: StrategyEntry): string {
  const { guarantees, memory, lock, sites } = entry;
  const usual = entry.params.length > 0 ? 'with default parameters, ' : '';
  const lines = [
    `memory for 1 GiB at 4 KiB: ${memory.at4k}`,
    `memory for 1 GiB at 2 MiB: ${memory.at2m}`,
    `${usual}the notifier ${guarantees.allocatesInInvalidate ? 'may ask for' : 'never asks for'} memory; ` +
      `an update ${guarantees.allocatesInUpdate ? 'may ask for memory' : 'never asks for it'} and ` +
      `${guarantees.updateCanFail ? 'can' : 'cannot'} fail for want of it`,
    `${usual}collateral of one page: up to ${guarantees.collateralPages.toLocaleString('en')} pages; ` +
      `spare pages held: up to ${guarantees.reservePages}`,
    `protection events ${guarantees.downgradesInPlace ? 'only remove WRITE, in place' : 'zap'}; ` +
      `driver lock: ${lock}`,
    `allocation sites: ${sites.map(({ name, kind }) => `${name} (${kind})`).join(', ') || 'none'}`,
    `users: ${entry.users}`,
    `source: ${entry.source}`,
  ];
  if (entry.notifiesAfterChange) lines.push('invalidate is called while the CPU table changes');
  if (entry.breaks !== undefined) lines.push(`breaks: ${entry.breaks}`);
  return lines.map((line) => `- ${line}`).join('\n');
}

/** The comment a strategy's file begins with, as Markdown: indented lines are pictures or lists. */
function headerOf({ id, language }: StrategyEntry): string {
  const file =
    language === 'c' ? join('strategies', 'c', `${id}.c`) : join('strategies', `${id}.ts`);
  const text = readFileSync(join(packageRoot, file), 'utf8');
  const comment = /^\/\*\*?\n([\s\S]*?)\n \*\//.exec(text)?.[1];
  if (comment === undefined) throw new Error(`${file}: does not begin with a comment`);
  const lines = comment
    .replace(` * ${id}: `, ' * ')
    .split('\n')
    .map((line) => line.replace(/^ \* ?/, ''));
  const blocks: { code: boolean; lines: string[] }[] = [];
  let gap = true;
  for (const line of lines) {
    const last = blocks.at(-1);
    if (line === '') {
      gap = true;
      continue;
    }
    const code = line.startsWith('  ');
    if (last === undefined || last.code !== code || (gap && !code)) {
      blocks.push({ code, lines: [line] });
    } else {
      last.lines.push(...(gap ? [''] : []), line);
    }
    gap = false;
  }
  return blocks
    .map(({ code, lines: block }) =>
      code
        ? `\`\`\`text\n${block.map((line) => line.slice(2)).join('\n')}\n\`\`\``
        : block.join('\n').replaceAll('*', '\\*'),
    )
    .join('\n\n');
}
