/** One line of the benchmark's table. */
export interface BudgetRow {
  readonly what: string;
  /** What was asked for, or null where the figure only stands for itself. */
  readonly budget: string | null;
  readonly measured: string;
  /** Null without a budget, or where nothing could be measured. */
  readonly met: boolean | null;
}

/** A figure that may not exceed its budget. */
export function atMost(what: string, value: number, limit: number, unit: string): BudgetRow {
  return {
    what,
    budget: `<= ${limit} ${unit}`,
    measured: `${round(value)} ${unit}`,
    met: value <= limit,
  };
}

/** A figure that may not stay below its budget. */
export function atLeast(what: string, value: number, limit: number, unit: string): BudgetRow {
  return {
    what,
    budget: `>= ${limit} ${unit}`,
    measured: `${round(value)} ${unit}`,
    met: value >= limit,
  };
}

export function figureOnly(what: string, measured: string): BudgetRow {
  return { what, budget: null, measured, met: null };
}

export function round(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

/** The rows as text, columns aligned. */
export function budgetTable(rows: readonly BudgetRow[]): string {
  const header = ['what', 'budget', 'measured', 'met'];
  const verdict = (met: boolean | null): string => (met === null ? '' : met ? 'yes' : 'NO');
  const cells = rows.map(({ what, budget, measured, met }) => [
    what,
    budget ?? '-',
    measured,
    verdict(met),
  ]);
  const all = [header, ...cells];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
