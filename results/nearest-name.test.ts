import { describe, expect, it } from 'vitest';
import { nearestName } from './nearest-name.ts';

describe('nearestName', () => {
  const names = ['noop', 'deposit', 'flat-preallocated', 'huge-then-4k', 'mlx5-odp'];

  it('finds a misspelt, a shortened and a wrongly capitalised name', () => {
    expect(nearestName('depsoit', names)).toBe('deposit');
    expect(nearestName('flat', names)).toBe('flat-preallocated');
    expect(nearestName('onop', names)).toBe('noop');
    expect(nearestName('MLX5-ODP', names)).toBe('mlx5-odp');
  });

  it('keeps silent when nothing is near', () => {
    expect(nearestName('zzzzzz', names)).toBeUndefined();
    expect(nearestName('', names)).toBeUndefined();
    expect(nearestName('deposit', [])).toBeUndefined();
  });

  it('takes the first of equally near names', () => {
    expect(nearestName('cat', ['bat', 'hat'])).toBe('bat');
  });
});
