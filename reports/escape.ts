const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Controls that reorder the text around them: shown as their code, so that a name cannot pose. */
const REORDERING = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g;

function codePoint(character: string): string {
  return `[U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}]`;
}

/** Makes reordering and control characters visible: they carry meaning no reader can see. */
export function visibleText(text: string): string {
  return text.replace(REORDERING, codePoint).replace(CONTROLS, codePoint);
}

/** Text for an HTML text node or a quoted attribute. Every value of a record goes through it. */
export function escapeHtml(text: string): string {
  return visibleText(text).replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/**
 * JSON to stand inside a `<script>` element: no `<` can end the element or open a comment, and the
 * line separators that JSON allows and older scripts do not are escaped. Reordering controls become
 * their code as in `visibleText`, so that a name is the same in markup and in data.
 */
export function inlineJson(value: unknown): string {
  return JSON.stringify(value)
    .replace(REORDERING, codePoint)
    .replace(/</g, '\\u003c')
    .replace(/>/g, '\\u003e')
    .replace(/&/g, '\\u0026')
    .replace(/\u2028/g, '\\u2028')
    .replace(/\u2029/g, '\\u2029');
}

/** A value that may stand in an id, a URL fragment and a file name; equal names, equal slugs. */
export function slug(text: string): string {
  const plain = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 80);
  // Names that differ only in what was replaced must not share an anchor.
  return plain === text && plain !== '' ? plain : `${plain === '' ? 'x' : plain}-${hash36(text)}`;
}

function hash36(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash.toString(36).padStart(7, '0').slice(0, 7);
}

/** One field of an RFC 4180 CSV line; a leading = + - @ of text cannot become a formula. */
export function csvField(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

/** Text for a Markdown table cell. */
export function escapeMarkdown(text: string): string {
  return visibleText(text)
    .replace(/\r?\n/g, ' ')
    .replace(/[\\`*_{}[\]<>|#]/g, (character) => `\\${character}`);
}
