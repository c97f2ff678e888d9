import {
  configsOf,
  drawAllForPrint,
  drawFigure,
  redrawAll,
  startFigures,
} from './chart-figure.mjs';
import { applyFolds, reveal, startFolds } from './chart-folds.mjs';
import { element } from './download.mjs';
import { drawHeatMap, startHeatMap } from './heat-map-table.mjs';
import {
  hashOf,
  look,
  MENUS,
  paper,
  payload,
  readHash,
  resetState,
  scenarioShown,
  state,
  writeHash,
} from './page-state.mjs';
import { startScrollHints, watchScroll } from './scroll-hint.mjs';

const SELECTS = ['metric', 'baseline', 'scale', 'theme'];

/** Line, dash and marker of each strategy, as in the charts. */
function drawKeys() {
  for (const key of document.querySelectorAll('.key')) {
    const style = Number(key.dataset.key);
    const { hues } = look();
    const colour = hues[style % hues.length];
    const size = 30;
    const canvas = element('canvas', null, { width: size * 2, height: 24, 'aria-hidden': 'true' });
    const context = canvas.getContext('2d');
    context.scale(2, 2);
    context.strokeStyle = colour;
    context.fillStyle = colour;
    context.lineWidth = 2;
    context.setLineDash(strokeOf(style));
    context.beginPath();
    context.moveTo(0, 6);
    context.lineTo(size, 6);
    context.stroke();
    context.setLineDash([]);
    context.fillStyle = isHollow(style) ? getComputedStyle(document.body).backgroundColor : colour;
    Chart.helpers.drawPoint(
      context,
      { pointStyle: markerOf(style), radius: 4, borderWidth: 1.5 },
      size / 2,
      6,
    );
    key.replaceChildren(canvas);
  }
}

/** A metric that a figure can show is shown in it; the reader may still pick another one there. */
function followMetric() {
  for (const figure of document.querySelectorAll('figure[data-chart]')) {
    const select = figure.querySelector('[data-variant]');
    const known = [...(select?.options ?? [])].map(({ value }) => value);
    const operation = state.metric.split('-')[0];
    const wanted = [state.metric, operation].find((value) => known.includes(value));
    if (wanted !== undefined) select.value = wanted;
  }
}

function showControls() {
  for (const id of SELECTS) document.getElementById(id).value = state[id];
  for (const menu of MENUS) {
    const details = document.querySelector(`[data-menu="${menu}"]`);
    if (details === null) continue;
    const boxes = [...details.querySelectorAll('input')];
    for (const box of boxes) box.checked = !state.hidden[menu].includes(box.value);
    const shown = boxes.filter(({ checked }) => checked).length;
    details.querySelector('.count').textContent =
      shown === boxes.length ? '' : `${shown} of ${boxes.length}`;
  }
}

function applyFilters() {
  for (const part of document.querySelectorAll('section[data-scenario], li[data-scenario]')) {
    part.hidden = !scenarioShown(Number(part.dataset.scenario));
  }
  for (const row of document.querySelectorAll('tr[data-strategy]')) {
    row.hidden = state.hidden.strategy.includes(row.dataset.strategy);
  }
  const pick = document.querySelector('[data-scenario-pick]');
  const shown = [...(pick?.options ?? [])].filter((option) => {
    option.disabled = !scenarioShown(Number(option.value));
    return !option.disabled;
  });
  if (pick?.selectedOptions[0]?.disabled && shown[0] !== undefined) {
    pick.value = shown[0].value;
    pick.dispatchEvent(new Event('change'));
  }
}

function apply() {
  document.documentElement.dataset.theme = state.theme;
  showControls();
  applyFilters();
  drawKeys();
  drawHeatMap();
  redrawAll();
}

function changed() {
  writeHash();
  apply();
}

function startControls() {
  for (const id of SELECTS) {
    document.getElementById(id).addEventListener('change', ({ target }) => {
      state[id] = target.value;
      if (id === 'metric') followMetric();
      changed();
    });
  }
  for (const menu of MENUS) {
    const details = document.querySelector(`[data-menu="${menu}"]`);
    if (details === null) continue;
    const boxes = [...details.querySelectorAll('input')];
    const take = () => {
      state.hidden[menu] = boxes.filter(({ checked }) => !checked).map(({ value }) => value);
      changed();
    };
    for (const box of boxes) box.addEventListener('change', take);
    const setAll = (checked) => {
      for (const box of boxes) box.checked = checked;
      take();
    };
    details.querySelector('[data-all]').addEventListener('click', () => setAll(true));
    details.querySelector('[data-none]').addEventListener('click', () => setAll(false));
  }
  document.getElementById('reset').addEventListener('click', () => {
    resetState();
    applyFolds();
    followMetric();
    changed();
  });
  document.getElementById('copy-link').addEventListener('click', copyLink);
}

/** Escape or a click elsewhere closes an open menu. */
function startMenus() {
  const close = (except) => {
    for (const menu of document.querySelectorAll('.menu[open]')) {
      if (menu !== except) menu.open = false;
    }
  };
  addEventListener('click', ({ target }) => close(target.closest('.menu')));
  addEventListener('keydown', ({ key }) => {
    const open = document.querySelector('.menu[open]');
    if (key !== 'Escape' || open === null) return;
    open.open = false;
    open.querySelector('summary').focus();
  });
}

async function copyLink() {
  const link = location.href.replace(/#.*$/, '') + hashOf(location.hash.slice(1).split('?')[0]);
  const status = document.getElementById('status');
  try {
    await navigator.clipboard.writeText(link);
    status.textContent = 'Link copied';
  } catch {
    // file:// may deny the clipboard: the address bar holds the same link.
    status.textContent = 'The link is in the address bar';
  }
  setTimeout(() => {
    status.textContent = '';
  }, 4000);
}

/** The first screen's chart shows one scenario at a time. */
function startScenarioPick() {
  const pick = document.querySelector('[data-scenario-pick]');
  pick?.addEventListener('change', () => {
    const figure = pick.closest('figure');
    figure.dataset.scenario = pick.value;
    figure.querySelector('.on-paper').textContent = `: ${pick.selectedOptions[0].textContent}`;
    const select = figure.querySelector('[data-variant]');
    if (select !== null) {
      const labels = payload.variantLabels[figure.dataset.chart];
      const before = select.value;
      const keys = Object.keys(configsOf(figure));
      select.replaceChildren(...keys.map((key) => element('option', labels[key], { value: key })));
      if (keys.includes(before)) select.value = before;
    }
    drawFigure(figure);
  });
}

/** The forks of a scenario and the command that runs each again, made when asked for. */
function fillCells(details) {
  const { series } = payload.scenarios[Number(details.dataset.scenario)];
  const body = details.querySelector('.cells-body');
  const blocks = series.map(({ strategy, reproduce, forks }) => {
    const block = element('div', null, { class: 'cell-block' });
    const title = element('h4');
    title.append(element('bdi', strategy));
    const table = element('table', null, { class: 'results' });
    const head = table.createTHead().insertRow();
    for (const name of [
      'fork',
      'seed',
      'verdict',
      'translations',
      'stale',
      'steady state',
      'reason',
    ]) {
      head.append(element('th', name, { scope: 'col' }));
    }
    const rows = table.createTBody();
    for (const fork of forks) {
      const row = rows.insertRow();
      fork.forEach((value, at) => {
        const text = at === 3 || at === 4 ? formatValue(value, 'count') : (value ?? '–');
        row.append(element('td', String(text), at < 5 && at !== 2 ? { class: 'num' } : {}));
      });
    }
    const place = element('div', null, {
      class: 'scroll',
      tabindex: '0',
      role: 'region',
      'aria-label': `Cells of ${strategy}`,
    });
    place.append(table);
    block.append(title, element('pre', reproduce, { tabindex: '0' }), place);
    watchScroll(place);
    return block;
  });
  body.replaceChildren(...blocks);
}

/** Everything that carries colours or a width of the screen is drawn again for paper, and back. */
function startPrinting() {
  const setPrinting = (printing) => {
    paper.printing = printing;
    document.documentElement.toggleAttribute('data-printing', printing);
    drawKeys();
    drawHeatMap();
    if (printing) drawAllForPrint();
    else redrawAll();
  };
  addEventListener('beforeprint', () => setPrinting(true));
  addEventListener('afterprint', () => setPrinting(false));
}

function goTo(anchor) {
  const target = anchor === '' ? null : document.getElementById(anchor);
  reveal(target);
  target?.scrollIntoView();
}

function start() {
  Chart.defaults.font.family = look().fontFamily;
  // In this order: what is folded away must be open when it is drawn for print.
  startFolds();
  startPrinting();
  startFigures();
  startHeatMap();
  startControls();
  startMenus();
  startScenarioPick();
  for (const details of document.querySelectorAll('details.reproduce[data-scenario]')) {
    details.addEventListener('toggle', () => fillCells(details), { once: true });
  }
  const anchor = readHash();
  applyFolds();
  followMetric();
  apply();
  goTo(anchor);
  addEventListener('hashchange', () => {
    // A plain anchor keeps the view; a pasted link replaces it.
    const isLink = location.hash.includes('?');
    const anchor = isLink ? readHash() : location.hash.slice(1);
    if (isLink) applyFolds();
    else writeHash(anchor);
    followMetric();
    apply();
    goTo(anchor);
  });
  startScrollHints();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', apply);
  document.documentElement.dataset.ready = 'yes';
}

start();
