import { scenarioTitle } from '../scenario-title.ts';
import { formatBytes, formatCount } from '../units.ts';
import { round4, type ScenarioChart } from './chart-definition.ts';

/** How large the ranges of a workload's notifier stream are. */
export const rangeSizes: ScenarioChart = {
  id: 'range-sizes',
  title: 'Sizes of the invalidated ranges',
  howToRead:
    'Share of the notifier ranges by size, in powers of two. Real streams have two humps: many single 4 KiB pages and few very large ranges. The first hump decides who wins on latency, the second who wins on throughput.',
  variants: () => [{ key: 'ranges', label: 'ranges' }],
  build(_model, scenario) {
    const sizes = scenario.rangeSizes;
    const all = (sizes ?? []).reduce((sum, [, ranges]) => sum + ranges, 0);
    if (sizes === null || all === 0) return { absent: 'the records hold no range sizes' };
    const powers = sizes.map(([bytesLog2]) => bytesLog2);
    const [least, most] = [Math.min(...powers), Math.max(...powers)];
    // Sizes that no range has keep their place, or the humps would stand side by side.
    const bins = Array.from({ length: most - least + 1 }, (_, at) => least + at);
    const labels = bins.map((power) => formatBytes(2 ** power).replace(/\.0+ /, ' '));
    const shares = new Map(sizes.map(([power, ranges]) => [power, ranges / all]));
    return {
      config: {
        type: 'bar',
        data: {
          labels,
          datasets: [
            {
              label: `${scenarioTitle(scenario.workload)}: ${formatCount(all)} ranges`,
              data: bins.map((power) => round4(shares.get(power) ?? 0)),
              xlt: { style: 0, role: 'bar' },
            },
          ],
        },
        options: {
          plugins: {
            xlt: { xUnit: 'count', yUnit: 'share', columns: ['share of ranges'], rows: labels },
          },
          scales: {
            x: { type: 'category', title: { display: true, text: 'bytes of the range, at least' } },
            y: { type: 'linear', min: 0, title: { display: true, text: 'share of ranges' } },
          },
        },
      },
    };
  },
};
