import { escapeHtml } from '../escape.ts';

/** HTML that is safe to insert as it is; everything else is escaped on insertion. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

export type Insertion = Markup | string | number | null | undefined | false | readonly Insertion[];

function insert(value: Insertion): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Markup) return value.text;
  if (Array.isArray(value)) return (value as readonly Insertion[]).map(insert).join('');
  return escapeHtml(String(value));
}

/** Template tag: text and attributes are escaped, markup and lists of markup are not. */
export function html(strings: TemplateStringsArray, ...values: Insertion[]): Markup {
  let text = strings[0]!;
  for (const [index, value] of values.entries()) text += insert(value) + strings[index + 1]!;
  return new Markup(text);
}
