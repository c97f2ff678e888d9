import * as layout from '../../core/abi/layout.ts';
import type { MemoryPlan } from '../cell/memory-plan.ts';

/** Shared words by name; what lies between two names belongs to the one before. */
const STATE_NAMES: readonly (readonly [number, string])[] = [
  [layout.PLAN_INJECT_COUNT, 'injection rule'],
  [layout.STATE_BARRIER, 'barrier'],
  [layout.STATE_STOP, 'stop flag'],
  [layout.STATE_FRAME_COUNTER, 'frame counter'],
  [layout.STATE_DEVICE_BUSY, 'device queue'],
  [layout.STATE_DEVICE_COMMANDS, 'device commands'],
  [layout.STATE_DEVICE_DEAD, 'device dead'],
  [layout.STATE_NOTIFIER, 'notifier lock'],
  [layout.STATE_NOTIFIER + 64, 'notifier sequence'],
  [layout.STATE_NOTIFIER + 72, 'notifier active'],
  [layout.STATE_NOTIFIER + 76, 'notifier deferred'],
  [layout.STATE_REGIONS, 'region tree root'],
  [layout.STATE_ALLOCATOR, 'allocator lock'],
  [layout.STATE_ALLOCATOR + 64, 'allocator'],
  [layout.STATE_SERIES, 'series'],
  [layout.STATE_WINDOW, 'window'],
  [layout.STATE_SPLITS, 'split count'],
  [layout.STATE_STRATEGY, 'strategy state'],
  [layout.STATE_DEVICE_EPOCHS, 'device epoch'],
];

const REGION_FIELDS: readonly (readonly [number, string])[] = [
  [0, 'record'],
  [layout.REGION_STATE, 'state'],
  [layout.REGION_LEFT, 'tree'],
  [layout.REGION_DEFERRED_NEXT, 'deferred link'],
  [layout.REGION_REFERENCES, 'references'],
  [layout.REGION_DYING, 'dying'],
  [layout.REGION_SEQUENCE, 'sequence'],
  [layout.REGION_LOCK, 'driver lock'],
  [layout.REGION_STRATEGY, 'strategy'],
];

const BLOCK_FIELDS: readonly (readonly [number, string])[] = [
  [layout.BLOCK_LOCK, 'page-table lock'],
  [layout.BLOCK_HUGE, 'huge'],
  [layout.BLOCK_REGION, 'region key'],
  [layout.BLOCK_DRIVER_LOCK, 'driver lock'],
];

const PAGE_FIELDS: readonly (readonly [number, string])[] = [
  [layout.PAGE_WORD, 'word'],
  [layout.PAGE_READ_DEAD, 'read-dead mark'],
  [layout.PAGE_WRITE_DEAD, 'write-dead mark'],
  [layout.PAGE_VMA, 'vma'],
  [layout.PAGE_KILLER, 'killer'],
];

/** What a shared address is, in the words of the model. */
export function addressClass(plan: MemoryPlan, address: number): string {
  if (address >= plan.end) return 'outside the model';
  if (address >= plan.arenaBase) {
    const offset = address - plan.arenaBase;
    return `table page ${Math.floor(offset / layout.PAGE_BYTES)} +${offset % layout.PAGE_BYTES}`;
  }
  if (address >= plan.moduleDataBase && plan.moduleDataBase < plan.arenaBase) {
    if (address < plan.moduleDataBase + layout.MODULE_DATA_BYTES) {
      return `module data +${address - plan.moduleDataBase}`;
    }
  }
  if (address >= plan.traceBase) return 'trace';
  if (address >= plan.descriptorBase) {
    const page = Math.floor((address - plan.descriptorBase) / layout.DESCRIPTOR_BYTES);
    return `descriptor of table page ${page}`;
  }
  if (address >= plan.installedBase)
    return `installed rights of page ${address - plan.installedBase}`;
  if (address >= plan.pageBase) {
    return record('page', address - plan.pageBase, layout.PAGE_RECORD_BYTES, PAGE_FIELDS);
  }
  if (address >= plan.blockBase) {
    return record('block', address - plan.blockBase, layout.BLOCK_BYTES, BLOCK_FIELDS);
  }
  if (address >= plan.regionBase) return regionClass(address - plan.regionBase);
  if (address >= layout.THREAD_BASE) return threadClass(address - layout.THREAD_BASE);
  const name = nameOf(STATE_NAMES, address);
  return name === 'strategy state' ? `${name} +${address - layout.STATE_STRATEGY}` : name;
}

function regionClass(offset: number): string {
  const field = offset % layout.REGION_BYTES;
  const text = record('region', offset, layout.REGION_BYTES, REGION_FIELDS);
  return field >= layout.REGION_STRATEGY ? `${text} +${field - layout.REGION_STRATEGY}` : text;
}

function threadClass(offset: number): string {
  const thread = Math.floor(offset / layout.THREAD_BYTES);
  const slot = (offset % layout.THREAD_BYTES) - layout.THREAD_CACHE;
  if (slot < 0 || slot >= layout.CACHE_CAPACITY * layout.CACHE_ENTRY_BYTES) {
    return `block of thread ${thread}`;
  }
  const part = slot % layout.CACHE_ENTRY_BYTES === 0 ? 'tag' : 'entry';
  return `cache ${part} ${Math.floor(slot / layout.CACHE_ENTRY_BYTES)} of thread ${thread}`;
}

function record(
  what: string,
  offset: number,
  bytes: number,
  fields: readonly (readonly [number, string])[],
): string {
  return `${what} ${Math.floor(offset / bytes)} ${nameOf(fields, offset % bytes)}`;
}

function nameOf(names: readonly (readonly [number, string])[], at: number): string {
  let found = 'unused';
  for (const [from, name] of names) if (from <= at) found = name;
  return found;
}
