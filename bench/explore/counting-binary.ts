import binaryen from 'binaryen';
import { flatText } from './flat-text.ts';
import { TextInstrumenter, type TextOptions } from './instrument-text.ts';

/**
 * A module that counts its accesses and is otherwise as it was: nobody switches threads in it, so it needs
 * no unwinding (instrument-module.ts has that), and making it takes a tenth of the time.
 * @throws UsageError when the module has instructions the points do not cover
 */
export function countingBinary(binary: Uint8Array, options: TextOptions): Uint8Array {
  const text = new TextInstrumenter(options).run(flatText(binary, options.module));
  const counting = binaryen.parseText(text);
  counting.setFeatures(binaryen.Features.All);
  const made = counting.emitBinary();
  counting.dispose();
  return made;
}
