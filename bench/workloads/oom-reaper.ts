import { REASON_MADVISE, REASON_RECLAIM } from '../../core/abi/trace-event.ts';
import { atRandomTimes } from './arrivals.ts';
import { VmaLayout } from './vma-layout.ts';
import { defineWorkload } from './workload.ts';

/** The OOM reaper empties VMAs and may not sleep for it, while the program still runs. */
export const oomReaper = defineWorkload({
  id: 'oom-reaper',
  title: 'OOM reaper: non-blockable ranges of whole VMAs among ordinary small ones',
  source:
    'domain.md 4.2: UNMAP/CLEAR non-blockable per VMA; rare, tests the -EAGAIN path (not recorded)',
  parameters: {
    reapsPerSecond: {
      about: 'VMAs reaped per second',
      unit: 'ranges/s',
      default: 40,
      min: 0.1,
      max: 1_000_000,
      source: 'model constant: far more often than in life, to collide with faults',
    },
    vmaMiB: {
      about: 'size of a VMA and of one reaped range',
      unit: 'MiB',
      default: 16,
      min: 2,
      max: 4_096,
      step: 2,
      source: 'model constant within the per-VMA ranges of recording.md 2.5',
    },
    smallPerSecond: {
      about: 'ordinary 4 KiB ranges per second',
      unit: 'ranges/s',
      default: 6_300,
      min: 1,
      max: 1_000_000,
      source: 'recording.md 2.3: redis and storm, 6 300 ranges/s',
    },
    hugeShare: {
      about: 'share of VMAs with 2 MiB mappings',
      unit: 'share',
      default: 0.5,
      min: 0,
      max: 1,
      source: 'model constant',
    },
    refaultShare: {
      about: 'share of a reaped VMA that is touched again',
      unit: 'share',
      default: 0.3,
      min: 0,
      max: 1,
      source: 'model constant',
    },
  },
  generate(values, random, script) {
    const layout = new VmaLayout(script, random, values.vmaMiB, values.hugeShare);
    const reaped: number[] = [];
    script.beginStorm();
    const endNs = script.nowNs + values.seconds * 1e9;
    const weights = [values.reapsPerSecond, values.smallPerSecond];
    atRandomTimes(script, random, values.reapsPerSecond + values.smallPerSecond, endNs, () => {
      if (random.weighted(weights) === 1) {
        const page = layout.anyPage();
        script.clear(page, 1, REASON_MADVISE);
        script.touch(page);
      } else {
        const vma = layout.anyVma();
        script.clearNonBlockable(vma, layout.vmaPages, REASON_RECLAIM);
        reaped.push(vma);
      }
      const again = reaped.length > 1 ? reaped.shift() : undefined;
      if (again !== undefined) touchSome(again);
    });

    function touchSome(vma: number): void {
      const blocks = Math.ceil((layout.vmaPages / 512) * values.refaultShare);
      script.touchRange(vma, Math.min(blocks * 512, layout.vmaPages));
    }
  },
});
