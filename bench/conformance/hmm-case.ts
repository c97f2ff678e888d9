import type { CheckedMirror } from './checked-mirror.ts';
import { type ConformanceCase, withMirror } from './conformance-case.ts';

/** A test of hmm-tests.c on the default geometry. */
export function hmm(
  name: string,
  purpose: string,
  body: (mirror: CheckedMirror, seed: number) => void,
): ConformanceCase {
  return {
    name: `hmm/${name}`,
    purpose,
    run: (context) => withMirror(context, {}, (mirror) => body(mirror, context.seed)),
  };
}

/** The kernel's tests assert the number of device faults; the floor takes one for every access. */
export function expectFaults(mirror: CheckedMirror, actual: number, expected: number): void {
  const { guarantees, notifiesAfterChange } = mirror.host.entry;
  if (!guarantees.translates) return;
  if (notifiesAfterChange) {
    // The device walks the CPU's table: what the CPU has mapped already needs no fault of its own.
    mirror.expect(actual <= expected, `${actual} device faults, at most ${expected} expected`);
    return;
  }
  mirror.expectEqual('the number of device faults', actual, expected);
}
