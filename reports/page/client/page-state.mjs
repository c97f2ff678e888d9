import { foldsInLink, foldsOfLink } from './chart-folds.mjs';

// What the reader chose. It lives in the URL's fragment, after the anchor: "#scenario-x?metric=...",
// so that a link restores the view and file:// needs no server.

export const payload = JSON.parse(document.getElementById('payload').textContent);
export const MENUS = ['strategy', 'workload', 'device', 'mode'];

/** Replay adds up costs; storm measures latency. */
function preferredMetrics() {
  const counted = payload.scenarios.every(({ mode }) => mode === 'replay');
  return [...(counted ? ['modelled-time'] : []), 'notifier-p99', 'notifier-p50', 'modelled-time'];
}

// Read before anything can open or close one.
const foldsAtFirst = [...document.querySelectorAll('details.fold[open]')].map(({ id }) => id);

const defaults = {
  metric:
    preferredMetrics().find((id) => payload.metrics.some((metric) => metric.id === id)) ??
    payload.metrics[0]?.id ??
    '',
  baseline: payload.strategies[0]?.label ?? '',
  scale: '',
  theme: '',
};

export const state = { ...defaults, hidden: emptyHidden(), open: defaultFolds() };

/** What is open before the reader opens or closes anything: the first scenario, as an example. */
export function defaultFolds() {
  return foldsAtFirst;
}

function emptyHidden() {
  return Object.fromEntries(MENUS.map((menu) => [menu, []]));
}

export function resetState() {
  Object.assign(state, defaults, { hidden: emptyHidden(), open: defaultFolds() });
}

/** Takes over what the fragment says; unknown names are ignored. @returns the anchor in it */
export function readHash() {
  const [anchor, query] = location.hash.slice(1).split('?');
  const given = new URLSearchParams(query ?? '');
  resetState();
  const known = (id, value) =>
    [...(document.getElementById(id)?.options ?? [])].some((option) => option.value === value);
  for (const key of Object.keys(defaults)) {
    const value = given.get(key);
    if (value !== null && known(key, value)) state[key] = value;
  }
  for (const menu of MENUS) state.hidden[menu] = given.getAll(`hide-${menu}`);
  state.open = foldsOfLink(given.getAll('open'));
  return anchor;
}

/** Only what differs from the defaults stands in the link. */
export function hashOf(anchor) {
  const query = new URLSearchParams();
  for (const key of Object.keys(defaults)) {
    if (state[key] !== defaults[key]) query.set(key, state[key]);
  }
  for (const menu of MENUS) {
    for (const value of state.hidden[menu]) query.append(`hide-${menu}`, value);
  }
  for (const name of foldsInLink()) query.append('open', name);
  const text = query.toString();
  return `#${anchor}${text === '' ? '' : `?${text}`}`;
}

export function writeHash(anchor = location.hash.slice(1).split('?')[0]) {
  history.replaceState(null, '', hashOf(anchor));
}

/** Paper is white whatever the theme. */
export const paper = { printing: false };

export function isDark() {
  if (paper.printing) return false;
  if (state.theme !== '') return state.theme === 'dark';
  return matchMedia('(prefers-color-scheme: dark)').matches;
}

export function look() {
  return isDark() ? payload.looks.dark : payload.looks.light;
}

/** A scenario is shown when none of its names is filtered out. */
export function scenarioShown(index) {
  const scenario = payload.scenarios[index];
  return ['workload', 'device', 'mode'].every(
    (menu) => !state.hidden[menu].includes(scenario[menu]),
  );
}
