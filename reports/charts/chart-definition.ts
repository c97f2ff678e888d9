import type { ReportModel, Scenario } from '../report-model.ts';

/**
 * A Chart.js configuration as plain JSON. It says what is drawn, not how it looks: colours, dashes,
 * markers, tick texts and the marks behind the data come from `finishChart`, which runs on the same
 * configuration in the page and in Node. So a chart in the report and its PNG cannot differ.
 */
export interface ChartConfig {
  readonly type: 'line' | 'scatter' | 'bar';
  readonly data: {
    readonly labels?: readonly string[];
    readonly datasets: readonly ChartDataset[];
  };
  readonly options: ChartOptions;
}

/** A point is [x, y] and what else the data table should show. */
export type ChartPoint = readonly (number | null)[];

export interface ChartDataset {
  readonly label: string;
  readonly data: readonly (ChartPoint | number | null)[];
  readonly xlt: DatasetMeaning;
  readonly stepped?: boolean | 'before' | 'after' | 'middle';
  readonly stack?: string;
}

export interface DatasetMeaning {
  /** Strategy label: filters hide the dataset with its strategy. Absent: always shown. */
  readonly strategy?: string;
  /** Hue, dash and marker number. */
  readonly style: number;
  /**
   * `line`: points are [x, y] or [x, y, low, high], the latter with a ribbon. `points`: [x, y] or
   * [x, y, yLow, yHigh, xLow, xHigh] with whiskers. `cells`: [column, row, ratio, low, high].
   */
  readonly role: 'line' | 'points' | 'mark' | 'bar' | 'frontier' | 'cells';
  /** Which kind of event a mark is, or which class a bar or cell belongs to. */
  readonly mark?: string;
  /** Text beside each point, same order as data. */
  readonly pointLabels?: readonly string[];
  /** The harness's own cost, or a strategy that is not ranked: drawn hollow. */
  readonly floor?: boolean;
}

export interface ChartOptions {
  readonly plugins: { readonly xlt: ChartMeaning };
  readonly scales: Readonly<Record<string, ScaleConfig>>;
  readonly indexAxis?: 'x' | 'y';
}

export interface ScaleConfig {
  readonly type: 'linear' | 'logarithmic' | 'category';
  readonly title: { readonly display: true; readonly text: string };
  readonly stacked?: boolean;
  readonly min?: number;
  readonly max?: number;
}

export interface ChartMeaning {
  readonly xUnit: string;
  readonly yUnit: string;
  /** Which axis the reader's linear / logarithmic choice changes. */
  readonly scaleAxis?: 'x' | 'y';
  /** Shaded spans on the x axis, e.g. storms. */
  readonly bands?: readonly (readonly [from: number, to: number])[];
  readonly bandLabel?: string;
  /** Moments marked by ticks along the bottom, e.g. broken blocks. */
  readonly rug?: readonly number[];
  readonly rugLabel?: string;
  /** Sentences that belong under the chart: what is not drawn and why. */
  readonly notes?: readonly string[];
  /** Lines hold their value up to the next point: figures in between do not occur. */
  readonly stepped?: boolean;
  /** Columns of the data table; one per number of a point. */
  readonly columns: readonly string[];
  /** Units of the columns, where they are not those of the axes. */
  readonly columnUnits?: readonly string[];
  /** Names of the columns where x counts them from 0. */
  readonly xNames?: readonly string[];
  /** Names of the rows where y counts them from 0 (points), or of the bars. */
  readonly rows?: readonly string[];
  /** Rows are strategies: a filter removes the row and closes the gap. */
  readonly rowsAreStrategies?: boolean;
}

/** A chart, or the sentence that stands in its place. */
export type ChartOutcome = { readonly config: ChartConfig } | { readonly absent: string };

/** A choice within one chart: the operation or the metric it shows. */
export interface ChartVariant {
  readonly key: string;
  readonly label: string;
}

/** Drawn once per scenario. */
export interface ScenarioChart {
  readonly id: string;
  readonly title: string;
  readonly howToRead: string;
  variants(model: ReportModel, scenario: Scenario): readonly ChartVariant[];
  build(model: ReportModel, scenario: Scenario, variant: string): ChartOutcome;
}

/** Drawn once per report. */
export interface ReportChart {
  readonly id: string;
  readonly title: string;
  readonly howToRead: string;
  variants(model: ReportModel): readonly ChartVariant[];
  build(model: ReportModel, variant: string): ChartOutcome;
}

/** Figures in a chart keep four digits: more would be bytes without information. */
export function round4(value: number): number {
  return value === 0 ? 0 : Number(value.toPrecision(4));
}
