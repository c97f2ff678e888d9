/** A conformance case found a difference: the message says what was seen and what was expected. */
export class CaseFailure extends Error {
  override readonly name = 'CaseFailure';
}
