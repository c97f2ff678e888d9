import {
  EVENT_MIGRATE,
  EVENT_PROTECTION_PAGE,
  EVENT_PROTECTION_VMA,
  EVENT_SOFT_DIRTY,
  EVENT_UNMAP,
  NON_BLOCKABLE,
  PROT_READ,
  PROT_WRITE,
} from '../../core/abi/trace-event.ts';
import { checkInput } from '../suites/checked-input.ts';
import { AddressSpaceScript, BLOCK_PAGES } from './address-space-script.ts';
import { MIX_INTERVAL_NS, type MixKind, type MixModel, mixModelSchema } from './mix-model.ts';
import { REDIS_BGSAVE_MIX } from './mix-redis-bgsave.ts';
import { RefaultQueue } from './refault-queue.ts';
import { SeededRandom } from './seeded-random.ts';
import {
  COMMON_PARAMETERS,
  checkParameters,
  type ParameterSpec,
  type Workload,
} from './workload.ts';

const PARAMETERS = {
  scale: {
    about: 'ranges and space, as a multiple of the recording',
    unit: 'x',
    default: 1,
    min: 0.01,
    max: 1_000,
    source: 'the fitted recording is 1',
  },
  regions: COMMON_PARAMETERS.regions,
  seconds: COMMON_PARAMETERS.seconds,
} as const satisfies Record<string, ParameterSpec>;

/** Draws ranges from a model, in the order a chain over 1 ms intervals gives. */
class MixGenerator {
  readonly #model: MixModel;
  readonly #random: SeededRandom;
  /** A stream of its own: the same bursts at every scale. */
  readonly #bursts: SeededRandom;
  readonly #script: AddressSpaceScript;
  readonly #refaults: RefaultQueue;
  readonly #kindWeights: number[];
  #previousEnd = 0;
  #owedPages = 0;

  constructor(model: MixModel, random: SeededRandom, script: AddressSpaceScript) {
    this.#model = model;
    this.#random = random;
    this.#bursts = new SeededRandom(random.uint32());
    this.#script = script;
    this.#refaults = new RefaultQueue(script);
    this.#kindWeights = model.kinds.map((kind) => kind.count);
  }

  write(seconds: number, scale: number): void {
    const script = this.#script;
    const hugePages = Math.round(script.blockCount * this.#model.hugeShare) * BLOCK_PAGES;
    if (hugePages > 0) script.populate(0, hugePages, true);
    if (hugePages < script.pageCount) script.populate(hugePages, script.pageCount - hugePages);
    script.beginStorm();
    const startNs = script.nowNs;
    const intervals = Math.max(1, Math.round((seconds * 1e9) / MIX_INTERVAL_NS));
    // Starting at any level that occurs, not always in the lull before the first burst.
    const { transitions } = this.#model;
    const rowSums = transitions.map((row) => row.reduce((sum, count) => sum + count, 0));
    let level = this.#bursts.weighted(rowSums);
    for (let interval = 0; interval < intervals; interval++) {
      script.waitUntil(startNs + interval * MIX_INTERVAL_NS);
      this.#interval(level, scale);
      level = this.#bursts.weighted(transitions[level] ?? rowSums);
    }
    script.waitUntil(startNs + intervals * MIX_INTERVAL_NS);
  }

  #interval(level: number, scale: number): void {
    const low = level === 0 ? 0 : 2 ** (level - 1);
    const drawn = level < 2 ? low : this.#bursts.between(low, 2 ** level - 1);
    const exact = drawn * scale;
    const count = Math.floor(exact) + (this.#random.chance(exact % 1) ? 1 : 0);
    for (let range = 0; range < count; range++) {
      this.#range(this.#model.kinds[this.#random.weighted(this.#kindWeights)]!);
      this.#script.wait(MIX_INTERVAL_NS / (count + 1));
      this.#refaults.touch(this.#dueRefaults());
    }
  }

  /** Whole pages of what was taken away and comes back, a little with every range. */
  #dueRefaults(): number {
    this.#owedPages += (this.#refaults.pageCount * this.#model.refaultShare) / 64;
    const due = Math.floor(this.#owedPages);
    this.#owedPages -= due;
    return due;
  }

  #range(kind: MixKind): void {
    const script = this.#script;
    const size = kind.sizes[this.#random.weighted(kind.sizes.map((entry) => entry.count))]!;
    const low = Math.min(size.minPages, size.maxPages);
    const pages = Math.min(
      this.#random.between(low, Math.max(size.minPages, size.maxPages)),
      script.pageCount,
    );
    if (kind.operation === 'split') this.#split();
    else if (kind.operation === 'collapse') this.#collapse();
    else {
      const first = this.#place(pages);
      if (kind.operation === 'fork') script.fork(first, pages);
      else this.#invalidate(first, pages, kind);
      this.#previousEnd = first + pages;
    }
  }

  #invalidate(first: number, pages: number, { arg, reason }: MixKind): void {
    const script = this.#script;
    const event = arg & ~NON_BLOCKABLE;
    if (event === EVENT_PROTECTION_PAGE || event === EVENT_PROTECTION_VMA) {
      script.writeProtect(first, pages, arg, reason);
    } else if (event === EVENT_SOFT_DIRTY) {
      script.writeProtect(first, pages, EVENT_PROTECTION_PAGE | (arg & NON_BLOCKABLE), reason);
    } else if (event === EVENT_UNMAP) {
      const huge = script.wantsHuge(first);
      script.unmap(first, pages, reason);
      script.map(first, pages, PROT_READ | PROT_WRITE, huge);
      this.#refaults.push(first, pages);
    } else {
      script.clear(first, pages, reason, arg);
      if (event === EVENT_MIGRATE) script.clear(first, pages, reason);
      this.#refaults.push(first, pages);
    }
  }

  /** Behind the range before as often as recorded; else anywhere, if possible without a break. */
  #place(pages: number): number {
    const room = this.#script.pageCount - pages;
    if (this.#previousEnd <= room && this.#random.chance(this.#model.adjacentShare)) {
      return this.#previousEnd;
    }
    const align = pages % BLOCK_PAGES === 0 ? BLOCK_PAGES : 1;
    let first = 0;
    for (let tries = 0; tries < 8; tries++) {
      first = this.#random.below(Math.floor(room / align) + 1) * align;
      if (align > 1 || !this.#script.isHuge(Math.floor(first / BLOCK_PAGES))) break;
    }
    return first;
  }

  #split(): void {
    const start = this.#random.below(this.#script.blockCount);
    for (let step = 0; step < this.#script.blockCount; step++) {
      const block = (start + step) % this.#script.blockCount;
      if (this.#script.isHuge(block)) {
        this.#script.split(block);
        return;
      }
    }
  }

  #collapse(): void {
    const start = this.#random.below(this.#script.blockCount);
    for (let step = 0; step < Math.min(64, this.#script.blockCount); step++) {
      const block = (start + step) % this.#script.blockCount;
      if (this.#script.mayCollapse(block)) {
        this.#script.collapse(block);
        return;
      }
    }
  }
}

/**
 * A storm drawn from a model that `fitMix` found in a recording; `model` is that JSON (default: the
 * fit of redis-bgsave). `scale` multiplies ranges and space, the addresses are its own.
 */
export const mix: Workload = {
  id: 'mix',
  title: 'A mix fitted to a recording: its kinds, lengths and bursts at any scale',
  source: 'fitted to the recording redis-bgsave unless `model` says otherwise (recording.md 2.3)',
  parameters: PARAMETERS,
  check(params) {
    readParams(params);
  },
  make(params, seed) {
    const { model, scale, seconds, regions } = readParams(params);
    const blocks = Math.max(4, Math.round((model.spacePages / BLOCK_PAGES) * scale));
    const script = new AddressSpaceScript(blocks * BLOCK_PAGES);
    new MixGenerator(model, new SeededRandom(seed), script).write(seconds, scale);
    return script.finish({
      name: 'mix',
      description: `synthetic mix fitted to ${model.fittedTo}, scale ${scale}, seconds ${seconds}, seed ${seed}`,
      regionCount: Math.min(regions, blocks),
      contiguity: model.contiguity,
    });
  },
};

function readParams(params: Readonly<Record<string, unknown>>) {
  const { model, ...numbers } = params;
  const values = checkParameters('mix', PARAMETERS, numbers);
  return {
    ...values,
    model:
      model === undefined
        ? REDIS_BGSAVE_MIX
        : checkInput(mixModelSchema, model, 'workload mix: model'),
  };
}
