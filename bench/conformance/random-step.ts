import { BLOCK_PAGES } from '../../core/abi/layout.ts';
import * as op from '../../core/abi/trace-event.ts';
import type { SeededRandom } from '../workloads/seeded-random.ts';
import type { CheckedMirror, MirrorOptions } from './checked-mirror.ts';

const KINDS = [
  'map',
  'read',
  'write',
  'touch',
  'touchHuge',
  'invalidate',
  'fork',
  'split',
  'collapse',
  'protect',
  'unmap',
  'maintain',
  'reregister',
  'exit',
] as const;
const WEIGHTS = [10, 30, 30, 12, 8, 24, 2, 5, 5, 4, 5, 4, 1, 0.2];

/** One operation on a mirror, as plain data so that a failing run can be cut down and printed. */
export interface Step {
  readonly kind: (typeof KINDS)[number];
  readonly first: number;
  readonly count: number;
  /** Event of an invalidation; region of a reregister. */
  readonly arg: number;
  readonly write: boolean;
  readonly huge: boolean;
}

const EVENTS = [
  op.EVENT_UNMAP,
  op.EVENT_CLEAR,
  op.EVENT_CLEAR,
  op.EVENT_PROTECTION_VMA,
  op.EVENT_PROTECTION_PAGE,
  op.EVENT_SOFT_DIRTY,
  op.EVENT_MIGRATE,
  op.EVENT_EXCLUSIVE,
];

/** Draws a step: few pages, one block, a range across blocks or any range; mostly in the same places. */
export function randomStep(random: SeededRandom, { pageCount, regions }: MirrorOptions): Step {
  const kind = KINDS[random.weighted(WEIGHTS)]!;
  const total = pageCount!;
  const block = random.below(total / BLOCK_PAGES);
  // Places that matter: a block's first and last pages, and one window in the middle.
  const offset = [random.below(8), BLOCK_PAGES - 1 - random.below(8), 100 + random.below(24)];
  let first = block * BLOCK_PAGES + offset[random.below(3)]!;
  let count = 1 + random.below(24);
  if (random.chance(0.3)) {
    first = block * BLOCK_PAGES;
    count = BLOCK_PAGES * (1 + random.below(2));
  } else if (random.chance(0.1)) {
    count = BLOCK_PAGES + random.below(BLOCK_PAGES);
  } else if (random.chance(0.02)) {
    first = random.below(total);
    count = 1 + random.below(total);
  }
  const wants = kind === 'reregister';
  return {
    kind,
    first,
    count: Math.min(count, total - first),
    arg: wants ? random.below(regions!.length) : EVENTS[random.below(EVENTS.length)]!,
    write: random.chance(0.8),
    huge: random.chance(0.5),
  };
}

type Run = (mirror: CheckedMirror, step: Step) => void;

const RUNS: Readonly<Record<Step['kind'], Run>> = {
  map: (mirror, { first, count, write, huge }) => mirror.map(first, count, { write, huge }),
  read: (mirror, { first }) => mirror.read(first),
  write: (mirror, { first }) => mirror.write(first),
  touch: (mirror, { first, count, write }) => mirror.touch(first, Math.min(count, 64), write),
  touchHuge: (mirror, { first }) => mirror.touchHuge(first),
  invalidate: (mirror, { first, count, arg, write }) => {
    mirror.invalidate(first, count, arg, write);
  },
  fork: (mirror, { first, count }) => mirror.fork(first, count),
  split: (mirror, { first }) => mirror.split(first),
  collapse: (mirror, { first }) => mirror.collapse(first),
  protect: (mirror, { first, count, write }) => mirror.protectVma(first, count, write),
  unmap: (mirror, { first, count }) => mirror.unmapVma(first, count),
  maintain: (mirror) => mirror.maintain(),
  reregister: (mirror, { arg }) => {
    mirror.unregister(arg);
    mirror.register(arg);
  },
  exit: (mirror) => mirror.exit(),
};

export function runStep(mirror: CheckedMirror, step: Step): void {
  RUNS[step.kind](mirror, step);
}

export function stepText({ kind, first, count, arg, write, huge }: Step): string {
  const range = count === 1 ? `${first}` : `${first}+${count}`;
  switch (kind) {
    case 'map':
      return `map ${range} ${write ? 'rw' : 'ro'}${huge ? ' huge' : ''}`;
    case 'invalidate':
      return `invalidate ${range} event ${arg}${write ? '' : ' non-blockable'}`;
    case 'reregister':
      return `reregister ${arg}`;
    case 'maintain':
    case 'exit':
      return kind;
    case 'read':
    case 'write':
    case 'touchHuge':
    case 'split':
    case 'collapse':
      return `${kind} ${first}`;
    case 'touch':
      return `touch ${first}+${Math.min(count, 64)}${write ? ' write' : ''}`;
    case 'protect':
      return `protect ${range} ${write ? 'rw' : 'ro'}`;
    case 'fork':
    case 'unmap':
      return `${kind} ${range}`;
  }
}
