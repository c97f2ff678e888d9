// A strategy module that traps at its first update.
export function init(region: usize): i32 {
  return 0;
}

export function update(region: usize, first: u32, count: u32, words: usize): i32 {
  unreachable();
  return 0;
}

export function invalidate(
  region: usize,
  first: u32,
  count: u32,
  event: u32,
  blockable: bool,
): i32 {
  return 0;
}

export function translate(region: usize, page: u32): u64 {
  return 0;
}

export function maintain(region: usize): void {}

export function fini(region: usize): void {}
