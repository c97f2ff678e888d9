import { BLOCK_PAGES } from '../../core/abi/layout.ts';
import * as op from '../../core/abi/trace-event.ts';
import { SeededRandom } from '../workloads/seeded-random.ts';
import { CaseFailure } from './case-failure.ts';
import { CheckedMirror, type MirrorOptions } from './checked-mirror.ts';
import { type CaseContext, type ConformanceCase, withMirror } from './conformance-case.ts';
import { randomStep, runStep, type Step, stepText } from './random-step.ts';

const B = BLOCK_PAGES;

/** Single operations over pages 0..3 of block 0 and 0..3 of block 1. */
const ALPHABET: readonly { readonly name: string; readonly run: (m: CheckedMirror) => unknown }[] =
  [
    { name: 'read 0', run: (m) => m.read(0) },
    { name: 'write 1', run: (m) => m.write(1) },
    { name: 'write 513', run: (m) => m.write(B + 1) },
    { name: 'touchHuge 0', run: (m) => m.touchHuge(0) },
    { name: 'clear 1', run: (m) => m.invalidate(1, 1, op.EVENT_CLEAR) },
    { name: 'clear 2..513', run: (m) => m.invalidate(2, B, op.EVENT_CLEAR) },
    { name: 'protect 0..3', run: (m) => m.invalidate(0, 4, op.EVENT_PROTECTION_VMA) },
    { name: 'fork all', run: (m) => m.fork(0, 2 * B) },
    { name: 'split 0', run: (m) => m.split(0) },
    { name: 'collapse 0', run: (m) => m.collapse(0) },
    { name: 'maintain', run: (m) => m.maintain() },
    {
      name: 'remap block 0',
      run: (m) => {
        m.unmapVma(0, B);
        m.map(0, B, { huge: true });
      },
    },
  ];

/** The small size plays one sequence in five; the seed says which (no divisor of the alphabet's size). */
const SMALL_STRIDE = 5;
const SCOPE = [0, 1, 2, 3, 4, 511, 512, 513, 514, 515, 516, 1023];
const GEOMETRY: MirrorOptions = {
  pageCount: 2 * B,
  regions: [{ firstPage: 0, pageCount: 2 * B }],
  scope: SCOPE,
  faultWindow: 4,
};

/** All sequences of exactly `length` operations; shorter ones are their prefixes. */
function exhaustive(context: CaseContext): void {
  const length = context.size === 'full' ? 5 : 3;
  const stride = context.size === 'full' ? 1 : SMALL_STRIDE;
  const total = ALPHABET.length ** length;
  let mirror = begin(context);
  let played = 0;
  for (let sequence = context.seed % stride; sequence < total; sequence += stride) {
    const letters = Array.from(
      { length },
      (_, place) => Math.floor(sequence / ALPHABET.length ** place) % ALPHABET.length,
    );
    try {
      play(mirror, letters);
    } catch (cause) {
      throw located(cause, letters.map((letter) => ALPHABET[letter]!.name).join('; '));
    }
    if (++played % 512 === 0) {
      mirror.close();
      mirror = begin(context);
    }
  }
  mirror.close();
}

function begin({ strategy, seed }: CaseContext): CheckedMirror {
  return new CheckedMirror(strategy, { ...GEOMETRY, seed }).open();
}

/** One sequence on an empty table: the region is registered anew. */
function play(mirror: CheckedMirror, letters: readonly number[]): void {
  mirror.map(0, B, { huge: true });
  mirror.map(B, B);
  mirror.touch(B, 2);
  for (const letter of letters) ALPHABET[letter]!.run(mirror);
  mirror.exit();
  mirror.unregister(0);
  mirror.register(0);
}

function located(cause: unknown, after: string): CaseFailure {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new CaseFailure(`after [${after}]: ${message}`);
}

interface RandomPlan {
  readonly options: MirrorOptions;
  /** Number of steps, small and full. */
  readonly steps: readonly [number, number];
  /** Before the first step the device holds every page of the space. */
  readonly filled?: boolean;
}

/** Seeded random operations; a failing run is cut down to the steps it needs. */
function random(context: CaseContext, plan: RandomPlan): void {
  const generator = new SeededRandom(context.seed);
  const length = plan.steps[context.size === 'full' ? 1 : 0];
  const steps = Array.from({ length }, () => randomStep(generator, plan.options));
  const failure = runSteps(context, plan, steps);
  if (failure === null) return;
  const { steps: needed, message } = shrink(
    context,
    plan,
    steps.slice(0, failure.at + 1),
    failure.message,
  );
  throw new CaseFailure(
    `seed ${context.seed}, after [${needed.map(stepText).join('; ')}]: ${message}`,
  );
}

/** All pages of the space, present for the CPU and then for the device, half of them writable. */
function fill(mirror: CheckedMirror): void {
  const { pageCount, faultWindow } = mirror.host.geometry;
  mirror.map(0, pageCount);
  for (let page = 0; page < pageCount; page += faultWindow) {
    mirror.touch(page, faultWindow, page % (2 * faultWindow) !== 0);
    mirror.read(page);
  }
}

function runSteps(
  { strategy, seed }: CaseContext,
  { options, filled }: RandomPlan,
  steps: readonly Step[],
): { at: number; message: string } | null {
  let at = 0;
  try {
    const mirror = new CheckedMirror(strategy, { seed, ...options }).open();
    if (filled) fill(mirror);
    for (; at < steps.length; at++) {
      runStep(mirror, steps[at]!);
      if (at % 256 === 0) mirror.checkAll();
    }
    mirror.checkAll();
    mirror.close();
    return null;
  } catch (cause) {
    return {
      at: Math.min(at, steps.length - 1),
      message: cause instanceof Error ? cause.message : String(cause),
    };
  }
}

/** Removes ever smaller runs of steps as long as the rest still fails (delta debugging, bounded). */
function shrink(
  context: CaseContext,
  plan: RandomPlan,
  failing: readonly Step[],
  message: string,
): { steps: readonly Step[]; message: string } {
  let steps = failing;
  let last = message;
  let budget = 300;
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < steps.length && budget > 0; ) {
      budget--;
      const rest = [...steps.slice(0, from), ...steps.slice(from + size)];
      const failure = runSteps(context, plan, rest);
      if (failure === null) {
        from += size;
      } else {
        steps = rest.slice(0, failure.at + 1);
        last = failure.message;
      }
    }
  }
  return { steps, message: last };
}

const WIDE: MirrorOptions = {
  pageCount: 8 * B,
  // Two regions with a gap between them, neither at the start of the space.
  regions: [
    { firstPage: B, pageCount: 3 * B },
    { firstPage: 5 * B, pageCount: 2 * B },
  ],
};

/** 81,920 scattered pages: three levels of any tree in the catalogue. */
const DEEP: RandomPlan = {
  options: {
    pageCount: 160 * B,
    regions: [{ firstPage: 0, pageCount: 160 * B }],
    arenaPages: 4096,
    contiguity: 0,
    faultWindow: 64,
  },
  steps: [400, 10_000],
  filled: true,
};

function randomCase(name: string, purpose: string, options: MirrorOptions): ConformanceCase {
  return plannedCase(name, purpose, { options, steps: [400, 20_000] });
}

function plannedCase(name: string, purpose: string, plan: RandomPlan): ConformanceCase {
  return { name: `model/random-${name}`, purpose, run: (context) => random(context, plan) };
}

/** The independent model against the device's view. */
export const modelCases: readonly ConformanceCase[] = [
  {
    name: 'model/exhaustive',
    purpose:
      'Every sequence of operations on two blocks of four pages (small: one in five of length 3, full: all of length 5).',
    run: exhaustive,
  },
  randomCase('two-regions', 'Random operations on two regions away from page 0.', WIDE),
  randomCase('contiguous', 'Random operations where frames are always contiguous.', {
    ...WIDE,
    contiguity: 1,
  }),
  randomCase('scattered', 'Random operations where frames never are, page by page.', {
    ...WIDE,
    contiguity: 0,
    faultWindow: 1,
  }),
  randomCase('small-cache', 'Random operations with a device cache of 16 entries.', {
    ...WIDE,
    cacheEntries: 16,
  }),
  plannedCase('deep', 'Random operations on a full table of 160 blocks of scattered pages.', DEEP),
  {
    name: 'model/replay',
    purpose: 'The same seed makes the same table: two runs end in equal translations.',
    run: (context) => {
      const once = (): bigint[] => {
        const generator = new SeededRandom(context.seed);
        let seen: bigint[] = [];
        withMirror(context, WIDE, (mirror) => {
          for (let i = 0; i < 200; i++) runStep(mirror, randomStep(generator, WIDE));
          seen = mirror.host.translations(mirror.host.regionAddress(0), 0, B);
        });
        return seen;
      };
      const [first, second] = [once(), once()];
      const at = first.findIndex((entry, i) => entry !== second[i]);
      if (at >= 0)
        throw new CaseFailure(`page ${at} differs between two runs of seed ${context.seed}`);
    },
  },
];
