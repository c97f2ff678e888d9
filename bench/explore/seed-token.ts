import { UsageError } from '../../results/usage-error.ts';

export type SchedulerKind = 'random' | 'pct';

/** All that decides a schedule, besides the strategy's name. */
export interface ScheduleSeed {
  readonly scheduler: SchedulerKind;
  readonly scenario: string;
  /** 0..2^32-1 */
  readonly seed: number;
  /** Of the modules the schedule was found in (explored-strategy.ts). */
  readonly moduleHash: string;
}

const TOKEN = /^(random|pct):([a-z0-9-]+):([0-9a-f]{8})@([0-9a-f]{16})$/;

/** `random:fault-invalidate:0000002a@0123456789abcdef` */
export function formatSeed({ scheduler, scenario, seed, moduleHash }: ScheduleSeed): string {
  return `${scheduler}:${scenario}:${seed.toString(16).padStart(8, '0')}@${moduleHash}`;
}

/** @throws UsageError when the text is no seed */
export function parseSeed(text: string): ScheduleSeed {
  const match = TOKEN.exec(text);
  if (match === null) {
    throw new UsageError(
      `seed "${text}": expected scheduler:scenario:seed@modules as explore prints it, ` +
        'for example random:fault-invalidate:0000002a@0123456789abcdef',
    );
  }
  const [, scheduler, scenario, seed, moduleHash] = match;
  return {
    scheduler: scheduler as SchedulerKind,
    scenario: scenario!,
    seed: Number.parseInt(seed!, 16),
    moduleHash: moduleHash!,
  };
}

/** @throws UsageError with both hashes when the seed was found in other modules */
export function checkModuleHash(seed: ScheduleSeed, strategy: string, moduleHash: string): void {
  if (seed.moduleHash === moduleHash) return;
  throw new UsageError(
    `seed ${formatSeed(seed)}: found in modules ${seed.moduleHash}, but ${strategy} is now built as ` +
      `${moduleHash}; a seed replays only in the modules it was found in`,
  );
}
