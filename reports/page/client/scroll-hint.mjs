// A table wider than its place says so: a shadow at the edge, and how many columns are out of sight.

const EDGE = 2;

/** Columns whose heading does not end inside the visible part. */
function columnsBeyond(place) {
  const heads = place.querySelectorAll('thead tr:last-child > *');
  const edge = place.getBoundingClientRect().right + EDGE;
  return [...heads].filter((head) => head.getBoundingClientRect().right > edge).length;
}

function hintText(place, hidden) {
  const columns = columnsBeyond(place);
  if (!hidden.right) return '← scroll back: columns to the left';
  if (columns === 0) return 'Scroll for more →';
  return `Scroll for ${columns} more column${columns === 1 ? '' : 's'} →`;
}

function showHint(place, hint) {
  const left = place.scrollLeft > EDGE;
  const right = place.scrollLeft + place.clientWidth < place.scrollWidth - EDGE;
  place.dataset.more = [left ? 'left' : '', right ? 'right' : ''].join(' ').trim();
  hint.hidden = !left && !right;
  if (!hint.hidden) hint.textContent = hintText(place, { left, right });
}

/** Watches one scrolling place, whatever is put into it later. */
export function watchScroll(place) {
  const hint = document.createElement('p');
  hint.className = 'scroll-hint';
  hint.hidden = true;
  // Seen only: a screen reader reads every column anyway.
  hint.setAttribute('aria-hidden', 'true');
  place.before(hint);
  const show = () => showHint(place, hint);
  place.addEventListener('scroll', show, { passive: true });
  new ResizeObserver(show).observe(place);
  new MutationObserver(show).observe(place, { childList: true, subtree: true });
  show();
}

export function startScrollHints() {
  for (const place of document.querySelectorAll('.scroll')) watchScroll(place);
}
