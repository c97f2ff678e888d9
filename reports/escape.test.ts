import { expect, test } from 'vitest';
import { csvField, escapeHtml, escapeMarkdown, inlineJson, slug } from './escape.ts';
import { HOSTILE_TEXT } from './fixtures/hostile-text.ts';

test('text stays text in HTML, attributes included', () => {
  const escaped = escapeHtml(HOSTILE_TEXT);
  expect(escaped).not.toMatch(/[<>"']/);
  for (const mark of ['\u202e', '\u2066', '\u200f', '\u0000']) expect(escaped).not.toContain(mark);
  expect(escaped).toContain('[U+202E]');
  expect(escaped).toContain('&lt;/script&gt;');
});

test('inlined JSON cannot end its element and reads back', () => {
  const inlined = inlineJson({ text: HOSTILE_TEXT });
  expect(inlined).not.toMatch(/[<>&\u2028\u2029\u202e]/);
  expect(JSON.parse(inlined).text).toBe(
    HOSTILE_TEXT.replace(
      /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
      (mark) => `[U+${mark.charCodeAt(0).toString(16).toUpperCase()}]`,
    ),
  );
});

test('names that differ have slugs that differ', () => {
  expect(slug('redis-bgsave')).toBe('redis-bgsave');
  const names = ['deposit{a=1}', 'deposit{a=2}', 'Deposit', 'deposit', '../../etc', '', '\u202e'];
  const slugs = names.map(slug);
  expect(new Set(slugs).size).toBe(names.length);
  for (const one of slugs) expect(one).toMatch(/^[a-z0-9-]+$/);
});

test('CSV fields keep their commas and start no formula', () => {
  expect(csvField('a,"b"')).toBe('"a,""b"""');
  expect(csvField('=1+1')).toBe("'=1+1");
  expect(csvField(-3)).toBe('-3');
  expect(csvField(null)).toBe('');
});

test('Markdown cells stay one cell', () => {
  expect(escapeMarkdown('a|b\n<c> *d*')).toBe('a\\|b \\<c\\> \\*d\\*');
});
