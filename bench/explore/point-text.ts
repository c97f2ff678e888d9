import * as layout from '../../core/abi/layout.ts';
import {
  DIRTY_GRANULE_LOG2,
  MODE_COUNT,
  MODE_EXPLORE,
  MODE_TRACK,
  PACKED_FOCUS,
  PACKED_STRATEGY,
  TURNS_USED_UP,
  UNCOUNTED,
  WORD_ARENA,
  WORD_ARENA_END,
  WORD_COUNTS,
  WORD_COVERAGE,
  WORD_DIRTY_COUNT,
  WORD_DIRTY_LIST,
  WORD_DIRTY_MAP,
  WORD_EPOCH,
  WORD_FOCUS_LEFT,
  WORD_HASH,
  WORD_LAST,
  WORD_LEFT,
  WORD_MODE,
  WORD_OPERATION,
  WORD_OWN,
  WORD_SHADOW,
  WORD_SNAPSHOT,
  WORD_TURNS,
} from './scheduler-words.ts';

const PRIVATE_TAIL = layout.THREAD_CACHE + layout.CACHE_CAPACITY * layout.CACHE_ENTRY_BYTES;
const READ_ONLY_PLAN_BYTES = layout.PLAN_INJECT_COUNT - layout.CONTROL_BASE;

/** Imports every instrumented module gets; they stand before its own functions. */
export const POINT_IMPORTS = `
 (import "explore" "pause" (func $x.pause (param i32 i32 i32)))
 (import "explore" "park" (func $x.park (param i32 i32)))
 (import "explore" "wake" (func $x.wake (param i32 i32) (result i32)))
`;

/**
 * What stands before each access. A point is skipped, because no other thread can see the access, in the
 * running thread's own block (its translation cache excepted) and in plan words and the window's bounds,
 * which are read-only.
 * The same access at the same address twice in a row is a spin: the scheduler is asked at once.
 */
const POINT = `
 (func $x.point (param $address i32) (param $packed i32)
  (local $mode i32) (local $offset i32) (local $key i64) (local $left i32) (local $spins i32)
  (local.set $mode (i32.load (i32.const ${WORD_MODE})))
  (if (i32.eqz (local.get $mode)) (then (return)))
  (i32.store8 offset=${WORD_COVERAGE} (i32.shr_u (local.get $packed) (i32.const 8)) (i32.const 1))
  (if (i32.eq (local.get $mode) (i32.const ${MODE_COUNT}))
   (then (call $x.count (local.get $address) (local.get $packed)) (return)))
  (if (i32.and (local.get $packed) (i32.const 2))
   (then (call $x.dirty (i32.shr_u (local.get $address) (i32.const ${DIRTY_GRANULE_LOG2})))))
  (if (i32.eq (local.get $mode) (i32.const ${MODE_TRACK})) (then (return)))
  (local.set $offset (i32.sub (local.get $address) (i32.load (i32.const ${WORD_OWN}))))
  (if (i32.lt_u (local.get $offset) (i32.const ${layout.THREAD_CACHE})) (then (return)))
  (if (i32.lt_u (i32.sub (local.get $offset) (i32.const ${PRIVATE_TAIL}))
                (i32.const ${layout.THREAD_BYTES - PRIVATE_TAIL})) (then (return)))
  (if (i32.lt_u (i32.sub (local.get $address) (i32.const ${layout.CONTROL_BASE}))
                (i32.const ${READ_ONLY_PLAN_BYTES})) (then (return)))
  (if (i32.eq (i32.and (local.get $address) (i32.const -64)) (i32.const ${layout.STATE_WINDOW}))
   (then (return)))
  (i64.store (i32.const ${WORD_HASH})
   (i64.mul
    (i64.xor (i64.load (i32.const ${WORD_HASH})) (i64.extend_i32_u (local.get $packed)))
    (i64.const 0x100000001b3)))
  (local.set $left (i32.sub (i32.load (i32.const ${WORD_LEFT})) (i32.const 1)))
  (i32.store (i32.const ${WORD_LEFT}) (local.get $left))
  (if (i32.and (local.get $packed) (i32.const ${PACKED_FOCUS}))
   (then
    (local.set $offset (i32.sub (i32.load (i32.const ${WORD_FOCUS_LEFT})) (i32.const 1)))
    (i32.store (i32.const ${WORD_FOCUS_LEFT}) (local.get $offset))
    (if (i32.lt_s (local.get $offset) (i32.const 0)) (then (local.set $left (i32.const -1))))))
  (local.set $key
   (i64.or (i64.shl (i64.extend_i32_u (local.get $packed)) (i64.const 32))
           (i64.extend_i32_u (local.get $address))))
  (local.set $spins (i64.eq (local.get $key) (i64.load (i32.const ${WORD_LAST}))))
  (i64.store (i32.const ${WORD_LAST}) (local.get $key))
  (if (i32.or (i32.lt_s (local.get $left) (i32.const 0)) (local.get $spins))
   (then (call $x.pause (local.get $address) (local.get $packed) (local.get $spins))))
 )`;

/** At the head of each loop: one that touches no shared memory would never come to a point. */
const TURN = `
 (func $x.turn
  (local $left i32)
  (local.set $left (i32.sub (i32.load (i32.const ${WORD_TURNS})) (i32.const 1)))
  (i32.store (i32.const ${WORD_TURNS}) (local.get $left))
  (if (i32.lt_s (local.get $left) (i32.const 0))
   (then (call $x.pause (i32.const 0) (i32.const 0) (i32.const ${TURNS_USED_UP})))))`;

/** Remembers a granule of memory as changed since the snapshot. */
const DIRTY = `
 (func $x.dirty (param $granule i32)
  (local $slot i32) (local $count i32)
  (local.set $slot (i32.add (i32.load (i32.const ${WORD_DIRTY_MAP})) (local.get $granule)))
  (if (i32.load8_u (local.get $slot)) (then (return)))
  (i32.store8 (local.get $slot) (i32.const 1))
  (local.set $count (i32.load (i32.const ${WORD_DIRTY_COUNT})))
  (i32.store (i32.add (i32.load (i32.const ${WORD_DIRTY_LIST}))
                      (i32.shl (local.get $count) (i32.const 2)))
             (local.get $granule))
  (i32.store (i32.const ${WORD_DIRTY_COUNT}) (i32.add (local.get $count) (i32.const 1)))
 )
 (func $x.dirtyRange (param $address i32) (param $bytes i32)
  (local $granule i32) (local $last i32)
  (if (i32.eqz (local.get $bytes)) (then (return)))
  (local.set $granule (i32.shr_u (local.get $address) (i32.const ${DIRTY_GRANULE_LOG2})))
  (local.set $last
   (i32.shr_u (i32.sub (i32.add (local.get $address) (local.get $bytes)) (i32.const 1))
              (i32.const ${DIRTY_GRANULE_LOG2})))
  (loop $next
   (call $x.dirty (local.get $granule))
   (local.set $granule (i32.add (local.get $granule) (i32.const 1)))
   (br_if $next (i32.le_u (local.get $granule) (local.get $last)))))`;

/** Puts every changed granule back to what the snapshot holds. */
const RESTORE = `
 (func $x.restore
  (local $at i32) (local $end i32) (local $granule i32) (local $address i32)
  (local.set $at (i32.load (i32.const ${WORD_DIRTY_LIST})))
  (local.set $end (i32.add (local.get $at)
   (i32.shl (i32.load (i32.const ${WORD_DIRTY_COUNT})) (i32.const 2))))
  (i32.store (i32.const ${WORD_DIRTY_COUNT}) (i32.const 0))
  (loop $next
   (if (i32.ge_u (local.get $at) (local.get $end)) (then (return)))
   (local.set $granule (i32.load (local.get $at)))
   (local.set $address (i32.shl (local.get $granule) (i32.const ${DIRTY_GRANULE_LOG2})))
   (memory.copy (local.get $address)
    (i32.add (local.get $address) (i32.load (i32.const ${WORD_SNAPSHOT})))
    (i32.const ${1 << DIRTY_GRANULE_LOG2}))
   (i32.store8 (i32.add (i32.load (i32.const ${WORD_DIRTY_MAP})) (local.get $granule)) (i32.const 0))
   (local.set $at (i32.add (local.get $at) (i32.const 4)))
   (br $next)))`;

/**
 * Counting. An access belongs to the operation under way if the strategy's own code makes it or it
 * touches the table arena; the model's bookkeeping inside core (counters, epochs, locks) does not count.
 */
const COUNT = `
 (func $x.row (result i32)
  (i32.add (i32.const ${WORD_COUNTS})
   (i32.shl (i32.load (i32.const ${WORD_OPERATION})) (i32.const 5))))
 (func $x.bump (param $at i32)
  (i64.store (local.get $at) (i64.add (i64.load (local.get $at)) (i64.const 1))))
 (func $x.touchLine (param $line i32)
  (local $slot i32)
  (local.set $slot (i32.add (i32.load (i32.const ${WORD_SHADOW}))
   (i32.shl (local.get $line) (i32.const 2))))
  (if (i32.eq (i32.load (local.get $slot)) (i32.load (i32.const ${WORD_EPOCH}))) (then (return)))
  (i32.store (local.get $slot) (i32.load (i32.const ${WORD_EPOCH})))
  (call $x.bump (i32.add (call $x.row) (i32.const 24))))
 (func $x.touchLines (param $address i32) (param $bytes i32)
  (local $line i32) (local $last i32)
  (local.set $line (i32.shr_u (local.get $address) (i32.const 6)))
  (local.set $last
   (i32.shr_u (i32.sub (i32.add (local.get $address) (local.get $bytes)) (i32.const 1))
              (i32.const 6)))
  (loop $next
   (call $x.touchLine (local.get $line))
   (local.set $line (i32.add (local.get $line) (i32.const 1)))
   (br_if $next (i32.le_u (local.get $line) (local.get $last)))))
 (func $x.counts (param $address i32) (param $packed i32) (result i32)
  (if (i32.eqz (i32.load (i32.const ${WORD_OPERATION}))) (then (return (i32.const 0))))
  (if (i32.and (local.get $packed) (i32.const ${PACKED_STRATEGY}))
   (then (return (i32.const 1))))
  (i32.lt_u (i32.sub (local.get $address) (i32.load (i32.const ${WORD_ARENA})))
            (i32.sub (i32.load (i32.const ${WORD_ARENA_END})) (i32.load (i32.const ${WORD_ARENA})))))
 (func $x.count (param $address i32) (param $packed i32)
  (if (i32.eq (i32.and (local.get $packed) (i32.const ${UNCOUNTED << 2}))
              (i32.const ${UNCOUNTED << 2})) (then (return)))
  (if (i32.eqz (call $x.counts (local.get $address) (local.get $packed))) (then (return)))
  (if (i32.and (local.get $packed) (i32.const 1))
   (then (call $x.bump (i32.add (call $x.row) (i32.const 8)))))
  (if (i32.and (local.get $packed) (i32.const 2))
   (then (call $x.bump (i32.add (call $x.row) (i32.const 16)))))
  (call $x.touchLines (local.get $address)
   (i32.shl (i32.const 1)
    (i32.and (i32.shr_u (local.get $packed) (i32.const 2)) (i32.const 7)))))
 (func $x.countRange (param $address i32) (param $bytes i32) (param $packed i32)
  (local $row i32)
  (if (i32.eqz (local.get $bytes)) (then (return)))
  (if (i32.eqz (call $x.counts (local.get $address) (local.get $packed))) (then (return)))
  (local.set $row (i32.add (call $x.row)
   (select (i32.const 8) (i32.const 16) (i32.and (local.get $packed) (i32.const 1)))))
  (i64.store (local.get $row) (i64.add (i64.load (local.get $row))
   (i64.extend_i32_u (i32.shr_u (i32.add (local.get $bytes) (i32.const 7)) (i32.const 3)))))
  (call $x.touchLines (local.get $address) (local.get $bytes)))`;

/** Replacements of the bulk and futex instructions. */
const REPLACEMENTS = `
 (func $x.fill (param $to i32) (param $byte i32) (param $bytes i32) (param $packed i32)
  (call $x.range (local.get $to) (local.get $bytes) (local.get $packed))
  (memory.fill (local.get $to) (local.get $byte) (local.get $bytes)))
 (func $x.copy (param $to i32) (param $from i32) (param $bytes i32) (param $packed i32)
  (if (i32.eq (i32.load (i32.const ${WORD_MODE})) (i32.const ${MODE_COUNT}))
   (then (call $x.countRange (local.get $from) (local.get $bytes)
    (i32.xor (local.get $packed) (i32.const 3)))))
  (call $x.range (local.get $to) (local.get $bytes) (local.get $packed))
  (memory.copy (local.get $to) (local.get $from) (local.get $bytes)))
 (func $x.range (param $to i32) (param $bytes i32) (param $packed i32)
  (local $mode i32)
  (local.set $mode (i32.load (i32.const ${WORD_MODE})))
  (if (i32.eqz (local.get $mode)) (then (return)))
  (if (i32.eq (local.get $mode) (i32.const ${MODE_COUNT}))
   (then
    (i32.store8 offset=${WORD_COVERAGE} (i32.shr_u (local.get $packed) (i32.const 8)) (i32.const 1))
    (call $x.countRange (local.get $to) (local.get $bytes) (local.get $packed))
    (return)))
  (call $x.dirtyRange (local.get $to) (local.get $bytes))
  (call $x.point (local.get $to) (local.get $packed)))
 (func $x.wait32 (param $address i32) (param $expected i32) (param $timeout i64)
  (param $offset i32) (param $packed i32) (result i32)
  (local.set $address (i32.add (local.get $address) (local.get $offset)))
  (call $x.point (local.get $address) (local.get $packed))
  (if (i32.ne (i32.atomic.load (local.get $address)) (local.get $expected))
   (then (return (i32.const 1))))
  (if (i32.ne (i32.load (i32.const ${WORD_MODE})) (i32.const ${MODE_EXPLORE}))
   (then (return (i32.const 2))))
  (call $x.park (local.get $address) (local.get $packed))
  (i32.const 0))
 (func $x.wait64 (param $address i32) (param $expected i64) (param $timeout i64)
  (param $offset i32) (param $packed i32) (result i32)
  (local.set $address (i32.add (local.get $address) (local.get $offset)))
  (call $x.point (local.get $address) (local.get $packed))
  (if (i64.ne (i64.atomic.load (local.get $address)) (local.get $expected))
   (then (return (i32.const 1))))
  (if (i32.ne (i32.load (i32.const ${WORD_MODE})) (i32.const ${MODE_EXPLORE}))
   (then (return (i32.const 2))))
  (call $x.park (local.get $address) (local.get $packed))
  (i32.const 0))
 (func $x.notify (param $address i32) (param $count i32) (param $offset i32) (param $packed i32)
  (result i32)
  (local.set $address (i32.add (local.get $address) (local.get $offset)))
  (call $x.point (local.get $address) (local.get $packed))
  (if (i32.ne (i32.load (i32.const ${WORD_MODE})) (i32.const ${MODE_EXPLORE}))
   (then (return (i32.const 0))))
  (call $x.wake (local.get $address) (local.get $count)))
 (func $x.begin (param $operation i32)
  (if (i32.eqz (i32.load (i32.const ${WORD_MODE}))) (then (return)))
  (i32.store (i32.const ${WORD_OPERATION}) (local.get $operation))
  (i32.store (i32.const ${WORD_EPOCH}) (i32.add (i32.load (i32.const ${WORD_EPOCH})) (i32.const 1)))
  (call $x.bump (call $x.row)))
 (func $x.end
  (i32.store (i32.const ${WORD_OPERATION}) (i32.const 0)))`;

/** Functions every instrumented module gets. */
export const POINT_FUNCTIONS = [POINT, TURN, DIRTY, RESTORE, COUNT, REPLACEMENTS].join('\n');
