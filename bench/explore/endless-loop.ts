/** A loop used up its turns: an error that the code which loops cannot catch. */
export class EndlessLoop extends WebAssembly.RuntimeError {
  override readonly message = 'endless loop without a shared access';
}
