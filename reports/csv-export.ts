import { scenarioKey, strategyLabel, workloadLabel } from '../results/cell-identity.ts';
import { METRICS } from '../results/metrics.ts';
import type { StoredRun } from '../results/run-store.ts';
import { csvField } from './escape.ts';
import type { ReportModel, Scenario } from './report-model.ts';

type Field = string | number | null | undefined;

function line(fields: readonly Field[]): string {
  return fields.map(csvField).join(',');
}

/**
 * One line per strategy, scenario and metric, all metrics: value, interval, count. A series without
 * figures has one line with its verdict.
 */
export function resultsCsv(
  model: ReportModel,
  scenarios: readonly Scenario[] = model.scenarios,
): string {
  const header =
    'run,workload,origin,device,mode,pressure,variant,strategy,verdict,reason,metric,unit,better,median,low,high,forks,spread';
  const lines = scenarios.flatMap((scenario) => {
    const { run, workload, origin, device, mode, pressure, variant } = scenario;
    return scenario.series.flatMap(({ strategy, status, reason, estimates }) => {
      const lead: Field[] = [run, workload, origin, device, mode, pressure, variant, strategy];
      const figures = model.metrics.flatMap(({ id, unit, better }) => {
        const figure = estimates[id];
        if (figure == null) return [];
        const { value, low, high, n, kind } = figure;
        return [line([...lead, status, reason, id, unit, better, value, low, high, n, kind])];
      });
      return figures.length > 0 ? figures : [line([...lead, status, reason])];
    });
  });
  return `${[header, ...lines].join('\r\n')}\r\n`;
}

/** One line per cell and fork, one column per metric; nothing is left out. */
export function cellsCsv(runs: readonly StoredRun[]): string {
  const header = [
    ...['run', 'cell', 'fork', 'seed', 'strategy', 'workload', 'device', 'mode', 'scenario'],
    ...['verdict', 'reason', 'translations', 'violations'],
    ...METRICS.map(({ id }) => id),
  ];
  const lines = runs.flatMap(({ plan, records }) =>
    records.map((record) =>
      line([
        ...[plan.runId, record.cellId, record.fork, record.seed, strategyLabel(record)],
        ...[workloadLabel(record), record.device.profile, record.mode, scenarioKey(record)],
        ...[record.verdict, record.reason, record.oracle.translations, record.oracle.violations],
        ...METRICS.map(({ of }) => of(record)),
      ]),
    ),
  );
  return `${[line(header), ...lines].join('\r\n')}\r\n`;
}
