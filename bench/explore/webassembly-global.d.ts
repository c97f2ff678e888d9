// The asyncify state that all instrumented instances share.
declare namespace WebAssembly {
  class Global {
    constructor(descriptor: { value: 'i32' | 'i64'; mutable: boolean }, value: number | bigint);
    value: number;
  }
}
