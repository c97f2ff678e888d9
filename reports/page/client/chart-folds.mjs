import { defaultFolds, state, writeHash } from './page-state.mjs';

// The charts of each scenario fold away, and in a long report its tables. Which are open is part of
// the view, so it is in the link.

const allFolds = () => [...document.querySelectorAll('details.fold')];

/** Which folds the link or a reset wants open. */
export function applyFolds() {
  for (const fold of allFolds()) fold.open = state.open.includes(fold.id);
  showFoldButton();
}

function showFoldButton() {
  const button = document.getElementById('fold-all');
  if (button === null) return;
  const anyClosed = allFolds().some(({ open }) => !open);
  button.textContent = anyClosed ? 'Open all' : 'Close all';
}

/** Opens whatever hides the target of a link. */
export function reveal(target) {
  for (let at = target?.closest('details'); at; at = at.parentElement.closest('details')) {
    at.open = true;
  }
  // A link to a scenario is a wish to read it, tables and charts included.
  for (const own of target?.querySelectorAll(':scope > details.fold') ?? []) own.open = true;
}

/** On paper nothing can be opened: all folds are open there, and as they were afterwards. */
function openForPrint() {
  let closed = [];
  addEventListener('beforeprint', () => {
    closed = allFolds().filter(({ open }) => !open);
    for (const fold of closed) fold.open = true;
  });
  addEventListener('afterprint', () => {
    for (const fold of closed) fold.open = false;
    closed = [];
  });
}

export function startFolds() {
  openForPrint();
  const takeOver = () => {
    const open = allFolds()
      .filter((fold) => fold.open)
      .map(({ id }) => id);
    showFoldButton();
    // The event also comes for what the page itself opened, e.g. on loading: the link stays then.
    if (open.join() === state.open.join()) return;
    state.open = open;
    writeHash();
  };
  for (const fold of allFolds()) fold.addEventListener('toggle', takeOver);
  document.getElementById('fold-all')?.addEventListener('click', () => {
    const anyClosed = allFolds().some(({ open }) => !open);
    for (const fold of allFolds()) fold.open = anyClosed;
  });
}

/** `all`, `none` or names; nothing where the same folds are open as without a link. */
export function foldsInLink() {
  const all = allFolds();
  if (state.open.join() === defaultFolds().join()) return [];
  if (state.open.length === 0) return ['none'];
  return state.open.length === all.length ? ['all'] : state.open;
}

/** The opposite: what a link's words mean; names that the page does not have are ignored. */
export function foldsOfLink(given) {
  const names = allFolds().map(({ id }) => id);
  if (given.length === 0) return defaultFolds();
  if (given.includes('all')) return names;
  return names.filter((name) => given.includes(name));
}
