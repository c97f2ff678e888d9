import type { Sentence } from '../verdict.ts';
import { html, type Markup } from './markup.ts';

/** A verdict sentence with its strategy names set off; a name keeps its own text direction. */
export function sentenceMarkup(sentence: Sentence): Markup {
  return html`${sentence.map((part) =>
    typeof part === 'string' ? part : html`<strong><bdi>${part.name}</bdi></strong>`,
  )}`;
}
