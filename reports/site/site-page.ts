import { visibleText } from '../escape.ts';
import { clientFile, clientModules } from '../page/inline-script.ts';
import { html, Markup } from '../page/markup.ts';

export interface SitePageOptions {
  readonly title: string;
  readonly body: Markup;
  /** Path from the page to the site's root: '' or '../'. */
  readonly root: string;
  /** Address of the same data as JSON and CSV, beside the page. */
  readonly data?: { readonly json: string; readonly csv: string };
  /** Program text at the end of the body. */
  readonly script?: string;
}

/** The frame that all pages of a site share; links are relative, so any folder will do. */
export function sitePage({ title, body, root, data, script }: SitePageOptions): string {
  const style = new Markup(clientFile('report.css') + clientFile('site.css'));
  return `${html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<link rel="alternate" type="application/atom+xml" title="Regressions" href="${root}feed.xml">
<title>${visibleText(title)}</title>
<style>${style}</style></head>
<body><a class="jump" href="#main">Skip to the content</a>
<header class="top"><p class="brand"><a href="${root}index.html">xlt-bench</a></p><h1>${title}</h1>
<nav aria-label="Site"><a href="${root}index.html">Runs</a> <a href="${root}history.html">History</a> <a href="${root}compare.html">Compare</a> <a href="${root}feed.xml">Feed</a>${
    data === undefined
      ? null
      : html` <span class="data-links">this page as <a href="${data.json}">JSON</a> <a href="${data.csv}">CSV</a></span>`
  }</nav></header>
<main id="main">${body}</main>
<footer><p>Made by xlt-bench publish from recorded runs. Figures of different machines are never joined.</p></footer>
<script type="module">
${new Markup(pageScript(script))}</script>
</body></html>`.toString()}\n`;
}

/** Every page has tables that may be wider than a phone. */
function pageScript(own = ''): string {
  return `${clientModules(['scroll-hint.mjs'])}\nstartScrollHints();\n${own}`;
}
