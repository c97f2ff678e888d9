import binaryen from 'binaryen';
import { UsageError } from '../../results/usage-error.ts';

/**
 * A module as flat text: one instruction a line, in the order in which they run.
 * @param module how an error names it
 * @throws UsageError when the compiler cannot read what the engine can
 */
export function flatText(binary: Uint8Array, module: string): string {
  let plain: binaryen.Module;
  try {
    plain = binaryen.readBinary(binary);
  } catch (cause) {
    // What binaryen throws is no Error.
    const { message } = cause as { readonly message?: string };
    throw new UsageError(`${module}: cannot be instrumented (binaryen: ${message ?? cause})`);
  }
  plain.setFeatures(binaryen.Features.All);
  const text = plain.emitStackIR();
  plain.dispose();
  return text;
}
