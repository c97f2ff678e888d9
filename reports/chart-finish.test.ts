import { expect, test } from 'vitest';
import { type FinishOptions, finishChart, niceTicks, rowPlaces } from './chart-finish.ts';
import { chartMarks } from './chart-marks.ts';
import type { ChartConfig } from './charts/chart-definition.ts';
import { frontierOf } from './frontier.ts';
import { LIGHT } from './palette.ts';
import { formatValue } from './units.ts';

const META = { xUnit: 'ns', yUnit: 'count', columns: [] };

test.each([
  ['decades', 95, 1.1e6, 'ns', [100, 1000, 10_000, 100_000, 1_000_000]],
  ['few decades', 90, 2100, 'ns', [100, 200, 500, 1000, 2000]],
  ['less than one decade', 2020, 2600, 'ns', [2200, 2400, 2600]],
  ['bytes', 4096, 2 ** 14, 'bytes', [4096, 8192, 16_384]],
])('ticks of a logarithmic axis: %s', (_, min, max, unit, ticks) => {
  expect(niceTicks(min, max, unit, true)).toEqual(ticks);
});

test('linear bytes step in powers of two, percentiles in nines', () => {
  expect(niceTicks(0, 2 ** 21, 'bytes', false)).toEqual([0, 1, 2, 3, 4].map((n) => n * 2 ** 19));
  expect(niceTicks(0, 3.4, 'nines', false)).toEqual([0, 1, 2, 3]);
});

test('filtered rows leave no gap', () => {
  const rows = ['a', 'b', 'c'];
  expect(rowPlaces({ ...META, rows, rowsAreStrategies: true }, ['b'])).toEqual([0, null, 1]);
  expect(rowPlaces({ ...META, rows }, ['b'])).toEqual([0, 1, 2]);
});

const OPTIONS: FinishOptions = {
  ...{ look: LIGHT, hidden: [], fontSize: 12, animation: false },
  ...{ formatValue, frontierOf, marks: chartMarks },
};

test('0 has a lane below a logarithmic axis, and is still 0 in the tooltip', () => {
  const line = {
    label: 'a',
    data: [
      [0, 0],
      [1, 80],
    ],
    xlt: { strategy: 'a', style: 0, role: 'line' },
  };
  const title = { display: true, text: '' };
  const config = {
    type: 'line',
    data: { datasets: [line] },
    options: {
      plugins: { xlt: { ...META, xUnit: 'nines', yUnit: 'ns', scaleAxis: 'y' } },
      scales: { x: { type: 'linear', min: 0, title }, y: { type: 'logarithmic', title } },
    },
  } as unknown as ChartConfig;
  const { data, options } = finishChart(config, OPTIONS);
  expect(data.datasets[0].data).toEqual([
    [0, 20],
    [1, 80],
  ]);
  expect(options.scales.y.min).toBe(20);
  expect(options.scales.y.ticks.callback(20)).toBe('0 ns');
  const item = { raw: [0, 20], dataset: { label: 'a' } };
  expect(options.plugins.tooltip.callbacks.label(item)).toBe('a: 0 %, 0 ns');
  const linear = finishChart(config, { ...OPTIONS, scale: 'linear' });
  expect(linear.data.datasets[0].data).toEqual(line.data);
});
