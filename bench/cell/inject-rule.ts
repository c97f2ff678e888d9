import * as layout from '../../core/abi/layout.ts';
import { nearestName } from '../../results/nearest-name.ts';
import { UsageError } from '../../results/usage-error.ts';
import type { StrategyEntry } from '../../strategies/manifest.ts';
import type { SharedState } from './shared-state.ts';

const CONTEXTS = ['KERNEL', 'NOWAIT', 'ATOMIC'] as const;

/** The knobs of Documentation/fault-injection, with the ranges accepted. */
const KNOBS: Readonly<Record<string, { readonly min: number; readonly max: number }>> = {
  probability: { min: 0, max: 100 },
  interval: { min: 1, max: 2 ** 31 - 1 },
  times: { min: -1, max: 2 ** 31 - 1 },
  space: { min: 0, max: 2 ** 31 - 1 },
  'min-order': { min: 0, max: 10 },
  'ignore-gfp-wait': { min: 0, max: 1 },
  'fail-nth': { min: 1, max: 2 ** 31 - 1 },
};

/** Failures of device commands; the plan word each one sets. */
const DEVICE_KNOBS: Readonly<Record<string, number>> = {
  'device-error-interval': layout.PLAN_DEVICE_ERROR_INTERVAL,
  'device-error-nth': layout.PLAN_DEVICE_ERROR_NTH,
  'device-dead-nth': layout.PLAN_DEVICE_DEAD_NTH,
};
/** Flush, reset and re-post of a failed queue: mlx5 polls for it in 3-5 ms steps (umr.c). */
const QUEUE_RESET_NS = 4_000_000;

/** One fault-injection rule, ready to be written beside the plan words. */
export interface InjectRule {
  /** Does it take one of the allocator's rule slots? */
  readonly ofAllocator: boolean;
  write(state: SharedState, index: number, seed: number): void;
}

/**
 * Parses `knob=value,...`, e.g. `site=break,probability=100,times=3` or `fail-nth=17`. Knobs and
 * defaults are the kernel's (probability 0, interval 1, times 1, space 0), except that min-order and
 * ignore-gfp-wait default to 0: every allocation here is one the user asked to fail. `site` and
 * `context` may be repeated. Device commands fail by `device-error-interval=N` (every Nth completes with
 * an error, the queue is reset and the command posted again), `device-error-nth=N` (once) and
 * `device-dead-nth=N` (the device answers nothing from the Nth on).
 * @throws UsageError naming the rule, the word, and what is valid
 */
export function parseInjectRule(text: string, entry: StrategyEntry): InjectRule {
  const device = deviceRule(text);
  if (device !== null) return device;
  const values = new Map<string, number>();
  let sites = 0;
  let contexts = 0;
  for (const word of text.split(',')) {
    const [key = '', value = ''] = word.split('=', 2);
    if (key === 'site') sites |= 1 << siteOf(text, value, entry);
    else if (key === 'context') contexts |= 1 << contextOf(text, value);
    else values.set(key, numberOf(text, key, value));
  }
  if (values.has('fail-nth') && (values.has('probability') || values.has('interval'))) {
    throw new UsageError(
      `inject rule "${text}": fail-nth takes precedence over probability and interval; give one kind`,
    );
  }
  if (!values.has('fail-nth') && !values.has('probability')) {
    throw new UsageError(`inject rule "${text}": expected probability=PERCENT or fail-nth=N`);
  }
  return {
    ofAllocator: true,
    write: (state, index, seed) => writeRule(state, index, seed, values, sites, contexts),
  };
}

function deviceRule(text: string): InjectRule | null {
  const [key = '', value = ''] = text.split('=', 2);
  const word = DEVICE_KNOBS[key];
  if (word === undefined) return null;
  const nth = Number(value);
  if (!/^\d+$/.test(value) || nth < 1 || nth > 2 ** 31 - 1) {
    throw new UsageError(
      `inject rule "${text}": expected a whole number from 1 to ${2 ** 31 - 1}, alone in its rule`,
    );
  }
  return {
    ofAllocator: false,
    write: (state) => {
      state.set(word, nth);
      state.set(layout.PLAN_DEVICE_FAULTS, 1);
      state.set(layout.PLAN_COST_RESET, QUEUE_RESET_NS);
    },
  };
}

function siteOf(rule: string, name: string, { id, sites }: StrategyEntry): number {
  const index = sites.findIndex((site) => site.name === name);
  if (index >= 0) return index;
  const valid = sites.length === 0 ? 'none' : sites.map((site) => site.name).join(', ');
  throw new UsageError(
    `inject rule "${rule}": site "${name}" is unknown; strategy ${id} has these sites: ${valid}`,
  );
}

function contextOf(rule: string, name: string): number {
  const index = (CONTEXTS as readonly string[]).indexOf(name);
  if (index >= 0) return index;
  throw new UsageError(
    `inject rule "${rule}": context "${name}" is unknown; valid: ${CONTEXTS.join(', ')}`,
  );
}

function numberOf(rule: string, key: string, text: string): number {
  const knob = KNOBS[key];
  if (knob === undefined) {
    const names = [...Object.keys(KNOBS), 'site', 'context', ...Object.keys(DEVICE_KNOBS)];
    const near = nearestName(key, names);
    const hint = near === undefined ? '' : `did you mean "${near}"? `;
    throw new UsageError(
      `inject rule "${rule}": "${key}" is unknown; ${hint}valid: ${names.join(', ')}`,
    );
  }
  const value = Number(text);
  if (text === '' || !Number.isInteger(value) || value < knob.min || value > knob.max) {
    throw new UsageError(
      `inject rule "${rule}": ${key}=${text} is not a whole number from ${knob.min} to ${knob.max}`,
    );
  }
  return value;
}

function writeRule(
  state: SharedState,
  index: number,
  seed: number,
  values: ReadonlyMap<string, number>,
  sites: number,
  contexts: number,
): void {
  const rule = layout.PLAN_INJECT_RULES + index * layout.INJECT_RULE_BYTES;
  state.set(rule + layout.INJECT_PROBABILITY, values.get('probability') ?? 0);
  state.set(rule + layout.INJECT_INTERVAL, values.get('interval') ?? 1);
  state.set(rule + layout.INJECT_TIMES, values.get('times') ?? 1);
  state.set(rule + layout.INJECT_SPACE, values.get('space') ?? 0);
  state.set(rule + layout.INJECT_MIN_ORDER, values.get('min-order') ?? 0);
  state.set(rule + layout.INJECT_IGNORE_WAIT, values.get('ignore-gfp-wait') ?? 0);
  state.set(rule + layout.INJECT_NTH, values.get('fail-nth') ?? 0);
  state.set(rule + layout.INJECT_SITES, sites);
  state.set(rule + layout.INJECT_CONTEXTS, contexts);
  state.set(rule + layout.INJECT_RANDOM, seed ^ (index + 1));
}
