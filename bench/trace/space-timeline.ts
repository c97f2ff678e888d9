import { REASON_COW, REASON_SPLIT } from '../../core/abi/trace-event.ts';
import {
  RECORD_DERIVED_RANGE,
  RECORD_FAULT,
  RECORD_PROTECT,
  RECORD_RANGE,
  RECORD_UNMAP,
} from './record.ts';
import type { RecordColumns } from './record-columns.ts';

/** A record whose effect comes after the ranges that its call or fault sends. */
interface Waiting {
  readonly record: number;
  readonly firstPage: number;
  readonly endPage: number;
  readonly reason: number;
  /** Place behind the last range that belonged to it. */
  key: number;
}

/**
 * The records of one space in the order of their effects. A recorder prints a call or fault first and
 * the ranges it sends after; the replayed table changes the other way round: ranges first, then the
 * VMA goes, its rights change, or the new page is mapped.
 *
 * @param isRecorded take the kernel's ranges; otherwise the concluded ones
 * @returns record numbers
 */
export function spaceTimeline(
  columns: RecordColumns,
  space: number,
  isRecorded: boolean,
): Uint32Array {
  const unwanted = isRecorded ? RECORD_DERIVED_RANGE : RECORD_RANGE;
  const records: number[] = [];
  const keys: number[] = [];
  const waiting = new Map<number, Waiting>();
  for (let i = 0; i < columns.capacity; i++) {
    if (columns.space[i] !== space || columns.op[i] === unwanted) continue;
    const key = records.length;
    records.push(i);
    keys.push(key);
    const task = columns.task[i]!;
    const open = waiting.get(task);
    if (open) {
      if (belongs(columns, i, open)) {
        open.key = key + 0.5;
        continue;
      }
      keys[open.record] = open.key;
      waiting.delete(task);
    }
    if (!isMovable(columns.op[i]!)) continue;
    const firstPage = columns.page[i]!;
    const endPage = firstPage + columns.pages[i]!;
    waiting.set(task, { record: key, firstPage, endPage, reason: columns.reason[i]!, key });
  }
  for (const open of waiting.values()) keys[open.record] = open.key;
  const order = Uint32Array.from(keys.keys()).sort(
    (left, right) => keys[left]! - keys[right]! || left - right,
  );
  return order.map((index) => records[index]!);
}

function isMovable(op: number): boolean {
  return op === RECORD_UNMAP || op === RECORD_PROTECT || op === RECORD_FAULT;
}

function belongs(columns: RecordColumns, i: number, open: Waiting): boolean {
  if (columns.op[i] !== RECORD_RANGE && columns.op[i] !== RECORD_DERIVED_RANGE) return false;
  const first = columns.page[i]!;
  if (first >= open.endPage || first + columns.pages[i]! <= open.firstPage) return false;
  const reason = columns.reason[i];
  return reason === REASON_SPLIT || reason === (open.reason === 0 ? REASON_COW : open.reason);
}
