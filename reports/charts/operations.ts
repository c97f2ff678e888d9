import { OPERATIONS, type Operation, type Scenario } from '../report-model.ts';
import type { ChartVariant } from './chart-definition.ts';

const TITLES: Readonly<Record<Operation, string>> = {
  notifier: 'notifier (the OS waits)',
  fault: 'fault (the device waits)',
  translate: 'translate (the hardware walk)',
};

/** The operations that any series of the scenario measured. */
export function operationVariants(scenario: Scenario): readonly ChartVariant[] {
  return OPERATIONS.filter((operation) =>
    scenario.series.some((series) => series.spectra[operation] !== undefined),
  ).map((operation) => ({ key: operation, label: TITLES[operation] }));
}

/** Series whose figures may be drawn: a failed one is never shown as fast. */
export function drawable(scenario: Scenario): readonly Scenario['series'][number][] {
  return scenario.series.filter(({ status }) => status === 'passed' || status === 'partial');
}

/** Title of a latency axis: a replay measures no time, it models what the counted work would take. */
export function latencyTitle({ mode }: Scenario, text: string): string {
  return mode === 'replay' ? `modelled ${text}` : text;
}
