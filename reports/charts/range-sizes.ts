import { formatBytes } from '../units.ts';
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
    const labels = sizes.map(([bytesLog2]) => formatBytes(2 ** bytesLog2).replace(/\.0+ /, ' '));
    return {
      config: {
        type: 'bar',
        data: {
          labels,
          datasets: [
            {
              label: `${scenario.workload}: ${all.toLocaleString('en')} ranges`,
              data: sizes.map(([, ranges]) => round4(ranges / all)),
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
