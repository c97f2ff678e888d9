// Entry of a probe's process: runs the probe named by the first argument, sends its figures, ends.
import { driverProbe } from './driver-probe.ts';
import { importProbe } from './import-probe.ts';
import { lapsProbe } from './laps-probe.ts';
import type { ProbeFigures, ProbeName } from './probe.ts';
import { replayProbe } from './replay-probe.ts';
import { scaleProbe } from './scale-probe.ts';
import { sharingProbe } from './sharing-probe.ts';

const probes: Readonly<Record<ProbeName, () => ProbeFigures | Promise<ProbeFigures>>> = {
  driver: driverProbe,
  replay: replayProbe,
  scale: scaleProbe,
  sharing: sharingProbe,
  import: importProbe,
  laps: lapsProbe,
};

const figures = await probes[process.argv[2] as ProbeName]();
process.send?.(figures, () => process.disconnect());
