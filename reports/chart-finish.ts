import type {
  ChartConfig,
  ChartDataset,
  ChartMeaning,
  DatasetMeaning,
} from './charts/chart-definition.ts';
import type { Look } from './palette.ts';

/**
 * Turns a chart's plain definition into what Chart.js draws: colours, dashes, markers, tick texts,
 * filters. Runs on the same definition in the page and in Node. Every function here is written into
 * the page by its source text: it may use its arguments, language globals and functions of this file.
 */

/** What the reader, or the PNG writer, wants of a chart. */
export interface FinishOptions {
  readonly look: Look;
  /** Strategies that are filtered out. */
  readonly hidden: readonly string[];
  /** Replaces the definition's own choice on its `scaleAxis`. */
  readonly scale?: 'linear' | 'logarithmic' | undefined;
  readonly fontSize: number;
  readonly animation: boolean;
  readonly formatValue: (value: number | null | undefined, unit: string) => string;
  readonly frontierOf: (points: readonly (readonly [number, number])[]) => [number, number][];
  /** Draws bands, ribbons, whiskers and labels (chart-marks.ts). */
  readonly marks: (meaning: ChartMeaning, options: FinishOptions) => object;
}

// biome-ignore lint/suspicious/noExplicitAny: Chart.js' own configuration type is open at every level
type Loose = any;

/** Seven hues, then the same hues dashed, then dotted: 21 strategies stay apart without colour. */
export function strokeOf(style: number): number[] {
  const dashes = [[], [7, 4], [2, 3]];
  return dashes[Math.floor(style / 7) % 3]!;
}

/** Five shapes, filled and then hollow; with seven hues 70 combinations before one returns. */
export function markerOf(style: number): string {
  return ['circle', 'triangle', 'rect', 'rectRot', 'star'][style % 5]!;
}

export function isHollow(style: number): boolean {
  return Math.floor(style / 5) % 2 === 1;
}

/** A solid colour with an opacity, for fills. */
export function translucent(colour: string, opacity: number): string {
  const channel = (at: number) => Number.parseInt(colour.slice(at, at + 2), 16);
  return `rgba(${channel(1)}, ${channel(3)}, ${channel(5)}, ${opacity})`;
}

/** Round values between min and max that suit the unit; empty: let Chart.js choose. */
export function niceTicks(min: number, max: number, unit: string, logarithmic: boolean): number[] {
  const ticks: number[] = [];
  if (unit === 'nines') {
    for (let nines = Math.ceil(min); nines <= max + 1e-9; nines++) ticks.push(nines);
  } else if (logarithmic && unit === 'bytes') {
    const from = Math.ceil(Math.log2(Math.max(min, 1)));
    const to = Math.floor(Math.log2(max));
    const step = Math.max(1, Math.ceil((to - from) / 7));
    for (let power = from; power <= to; power += step) ticks.push(2 ** power);
  } else if (logarithmic) {
    const decades = Math.log10(max / min);
    const mantissas = decades > 4 ? [1] : decades > 2 ? [1, 3] : [1, 2, 5];
    for (let power = Math.floor(Math.log10(min)); power <= Math.log10(max); power++) {
      for (const mantissa of mantissas) {
        const tick = mantissa * 10 ** power;
        if (tick >= min * 0.999 && tick <= max * 1.001) ticks.push(tick);
      }
    }
  } else if (unit === 'bytes' && max > min) {
    const step = 2 ** Math.ceil(Math.log2((max - min) / 6));
    for (let tick = Math.ceil(min / step) * step; tick <= max; tick += step) ticks.push(tick);
  }
  if (ticks.length >= 2 || !(max > min) || !logarithmic) return ticks.length >= 2 ? ticks : [];
  return evenTicks(min, max);
}

/** Four or five round values for a range too narrow for decades. */
export function evenTicks(min: number, max: number): number[] {
  const rough = (max - min) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((mantissa) => mantissa * power >= rough) ?? 10);
  const first = Math.ceil(min / step);
  const count = Math.floor(max / step) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => (first + index) * step);
}

/** Strategy rows that are filtered out leave no gap: maps an old row to its new place. */
export function rowPlaces(meaning: ChartMeaning, hidden: readonly string[]): (number | null)[] {
  let next = 0;
  return (meaning.rows ?? []).map((row) =>
    meaning.rowsAreStrategies === true && hidden.includes(row) ? null : next++,
  );
}

/** How a dataset looks, by the part it plays. */
export function roleStyle({ data, xlt }: ChartDataset, { look }: FinishOptions): Loose {
  const { role, style, mark, floor } = xlt;
  const colour = look.hues[style % look.hues.length]!;
  const inside = isHollow(style) ? look.surface : colour;
  if (role === 'line') {
    const every = Math.max(1, Math.round(data.length / 12));
    return {
      borderColor: colour,
      borderWidth: 2,
      borderDash: strokeOf(style),
      backgroundColor: inside,
      pointStyle: markerOf(style),
      // Few markers, shifted per strategy: they tell lines apart and must not become the line.
      pointRadius: data.map((_, index) => (index % every === style % every ? 3.5 : 0)),
      pointHoverRadius: 5,
    };
  }
  if (role === 'points') {
    const hollow = floor === true || isHollow(style);
    return {
      borderColor: colour,
      borderWidth: 1.75,
      backgroundColor: hollow ? look.surface : translucent(colour, 0.5),
      pointStyle: markerOf(style),
      pointRadius: 5.5,
      clip: 12,
    };
  }
  if (role === 'mark') {
    const ring = mark === 'ring';
    return {
      borderColor: look.danger,
      borderWidth: 2,
      backgroundColor: 'transparent',
      pointStyle: ring ? 'circle' : 'crossRot',
      pointRadius: ring ? 9 : 5,
      showLine: false,
      clip: 12,
      order: -1,
    };
  }
  if (role === 'frontier') {
    const line = { borderColor: look.muted, borderDash: [5, 4], borderWidth: 1.5 };
    return { ...line, type: 'line', stepped: 'before', pointRadius: 0, order: 10 };
  }
  if (role === 'cells') return { pointRadius: 0 };
  const bar = { borderColor: colour, borderWidth: 1, backgroundColor: translucent(colour, 0.8) };
  return { ...bar, maxBarThickness: 26 };
}

/** The type of an axis, after the reader's choice. */
export function axisType(config: ChartConfig, axis: string, options: FinishOptions): string {
  const { scaleAxis } = config.options.plugins.xlt;
  const chosen = scaleAxis === axis ? options.scale : undefined;
  return chosen ?? config.options.scales[axis]!.type;
}

/**
 * A logarithm has no place for 0. Where a line reaches 0 on such an axis, this value stands for it, below
 * all others; null: no line does, or the axis has a 0.
 */
export function zeroLane(config: ChartConfig, axis: string, options: FinishOptions): number | null {
  if (axisType(config, axis, options) !== 'logarithmic') return null;
  const at = axis === 'x' ? 0 : 1;
  const values = config.data.datasets
    .filter(({ xlt }) => xlt.role === 'line')
    .flatMap(({ data }) => data.map((point) => (point as (number | null)[])[at]!));
  if (!values.includes(0)) return null;
  const least = Math.min(...values.filter((value) => value > 0));
  return Number.isFinite(least) ? least / 4 : null;
}

/** A dataset in Chart.js' words, its rows moved to where the filters leave them. */
export function styledDataset(
  dataset: ChartDataset,
  places: readonly (number | null)[],
  rows: readonly string[] | undefined,
  options: FinishOptions,
): Loose {
  const isBar = dataset.xlt.role === 'bar';
  let data: Loose = dataset.data.slice();
  if (rows !== undefined && isBar) data = data.filter((_: Loose, i: number) => places[i] !== null);
  else if (rows !== undefined) {
    data = data.map(([x, row, ...rest]: number[]) => [x, places[row!], ...rest]);
  }
  return { ...dataset, ...roleStyle(dataset, options), data };
}

/** Datasets that are left after the filters, in Chart.js' words. */
export function finishedDatasets(config: ChartConfig, options: FinishOptions): Loose[] {
  const meaning = config.options.plugins.xlt;
  const places = rowPlaces(meaning, options.hidden);
  const datasets = config.data.datasets
    .filter(({ xlt }) => xlt.strategy === undefined || !options.hidden.includes(xlt.strategy))
    .map((dataset) => styledDataset(dataset, places, meaning.rows, options));
  const lanes = ['x', 'y'].map((axis) => zeroLane(config, axis, options));
  for (const dataset of datasets) {
    if (dataset.xlt.role !== 'line') continue;
    if (meaning.stepped === true) dataset.stepped = 'before';
    if (lanes.every((lane) => lane === null)) continue;
    dataset.data = dataset.data.map((point: Loose) =>
      point.map((value: Loose, at: number) => (value === 0 ? (lanes[at] ?? 0) : value)),
    );
  }
  const frontier = datasets.find(({ xlt }: { xlt: DatasetMeaning }) => xlt.role === 'frontier');
  if (frontier !== undefined) {
    const ranked = datasets.filter(
      ({ xlt }: { xlt: DatasetMeaning }) => xlt.role === 'points' && xlt.floor !== true,
    );
    frontier.data = options.frontierOf(ranked.map(({ data }: Loose) => [data[0][0], data[0][1]]));
  }
  return datasets;
}

/** Axis with units, round ticks and names instead of row numbers. */
export function finishedScale(config: ChartConfig, axis: string, options: FinishOptions): Loose {
  const meaning = config.options.plugins.xlt;
  const { look, fontSize } = options;
  const scale: Loose = { ...config.options.scales[axis] };
  const horizontal = axis === 'x';
  const unit = horizontal ? meaning.xUnit : meaning.yUnit;
  const lane = zeroLane(config, axis, options);
  scale.type = axisType(config, axis, options);
  if (scale.type === 'logarithmic' && !(scale.min > 0)) delete scale.min;
  if (lane !== null) scale.min = lane;
  const places = rowPlaces(meaning, options.hidden);
  const rows = (meaning.rows ?? []).filter((_, index) => places[index] !== null);
  const isBar = config.type === 'bar';
  const names = horizontal
    ? meaning.xNames
    : isBar
      ? undefined
      : meaning.rows === undefined
        ? undefined
        : rows;
  scale.grid = { color: look.grid, drawTicks: false };
  scale.border = { color: look.grid };
  scale.title = {
    ...scale.title,
    display: scale.title.text !== '',
    color: look.muted,
    font: { size: fontSize },
  };
  scale.ticks = { color: look.muted, padding: 6, font: { size: fontSize }, maxRotation: 60 };
  if (names !== undefined) {
    scale.min = -0.5;
    scale.max = names.length - 0.5;
    scale.reverse = !horizontal;
    scale.grid.display = false;
    scale.ticks.autoSkip = false;
    scale.afterBuildTicks = (built: Loose) => {
      built.ticks = names.map((_, value) => ({ value }));
    };
    scale.ticks.callback = (value: number) => names[value] ?? '';
  } else if (scale.type !== 'category') {
    const log = scale.type === 'logarithmic';
    scale.afterBuildTicks = (built: Loose) => {
      const ticks = niceTicks(lane === null ? built.min : lane * 4, built.max, unit, log);
      if (lane !== null) ticks.unshift(lane);
      if (ticks.length > 0) built.ticks = ticks.map((value) => ({ value }));
    };
    scale.ticks.callback = (value: number) =>
      options
        .formatValue(value === lane ? 0 : value, unit)
        .replace(/(\.\d*?)0+(?=\D|$)/, '$1')
        .replace(/\.(?=\D|$)/, '');
  } else if (isBar && meaning.rowsAreStrategies) {
    scale.ticks.autoSkip = false;
  }
  return scale;
}

/** `deposit: 1.20 ms, 2.00 MiB [1.98 MiB, 2.01 MiB]` */
export function tooltipText(item: Loose, config: ChartConfig, options: FinishOptions): string {
  const meaning = config.options.plugins.xlt;
  const lanes = ['x', 'y'].map((axis) => zeroLane(config, axis, options));
  const raw = Array.isArray(item.raw)
    ? item.raw.map((value: Loose, at: number) => (value === lanes[at] ? 0 : value))
    : item.raw;
  const { formatValue } = options;
  if (!Array.isArray(raw)) {
    const unit = item.chart.options.indexAxis === 'y' ? meaning.xUnit : meaning.yUnit;
    return `${item.dataset.label}: ${formatValue(raw, unit)}`;
  }
  if (meaning.rows !== undefined)
    return `${item.dataset.label}: ${formatValue(raw[0], meaning.xUnit)}`;
  const { columns, columnUnits } = meaning;
  if (columnUnits !== undefined) {
    const parts = columns.map((name, at) => `${name} ${formatValue(raw[at], columnUnits[at]!)}`);
    return `${item.dataset.label}: ${parts.join(', ')}`;
  }
  const [x, y, low, high] = raw;
  const spread =
    low == null || high == null
      ? ''
      : ` [${formatValue(low, meaning.yUnit)}, ${formatValue(high, meaning.yUnit)}]`;
  return `${item.dataset.label}: ${formatValue(x, meaning.xUnit)}, ${formatValue(y, meaning.yUnit)}${spread}`;
}

/** @returns a configuration that Chart.js may keep and change */
export function finishChart(config: ChartConfig, options: FinishOptions): Loose {
  const meaning = config.options.plugins.xlt;
  const { look, fontSize } = options;
  const places = rowPlaces(meaning, options.hidden);
  const datasets = finishedDatasets(config, options);
  const scales: Loose = {};
  for (const axis of Object.keys(config.options.scales)) {
    scales[axis] = finishedScale(config, axis, options);
  }
  // Named rows tell the series apart already, and so do labelled points.
  const named = meaning.rowsAreStrategies === true && config.type !== 'bar';
  const labelled = datasets.some(({ xlt }) => xlt.pointLabels !== undefined);
  return {
    type: config.type,
    data: {
      labels: config.data.labels?.filter((_, index) => places[index] !== null),
      datasets,
    },
    options: {
      ...(config.options.indexAxis === undefined ? {} : { indexAxis: config.options.indexAxis }),
      responsive: true,
      maintainAspectRatio: false,
      animation: options.animation ? { duration: 150 } : false,
      interaction: { mode: 'nearest', intersect: false, axis: 'xy' },
      layout: { padding: { top: 8, right: 14 } },
      font: { family: look.fontFamily, size: fontSize },
      scales,
      plugins: {
        xlt: {},
        legend: {
          display: !named && !labelled,
          position: 'bottom',
          labels: {
            color: look.text,
            usePointStyle: true,
            boxHeight: 7,
            padding: 12,
            font: { family: look.fontFamily, size: fontSize },
            filter: (_item: Loose, data: Loose) =>
              !['mark', 'frontier'].includes(data.datasets[_item.datasetIndex].xlt.role),
          },
        },
        tooltip: {
          callbacks: {
            title: () => '',
            label: (item: Loose) => tooltipText(item, config, options),
          },
        },
      },
    },
    plugins: [options.marks(meaning, options)],
  };
}
