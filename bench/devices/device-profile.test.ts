import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { UsageError } from '../../results/usage-error.ts';
import { DEVICE_PROFILES } from './device-catalogue.ts';
import { deviceCostsOf } from './device-costs.ts';
import { deviceProfileSchema } from './device-profile.ts';
import { findDevice } from './find-device.ts';

describe('built-in profiles', () => {
  it('are the six of the design, each valid', () => {
    expect(DEVICE_PROFILES.map((profile) => profile.id)).toEqual([
      'ideal',
      'mlx5-odp',
      'np-rdma',
      'gpu-fault',
      'iommu-vtd',
      'ats-sva',
    ]);
    for (const profile of DEVICE_PROFILES) {
      expect(deviceProfileSchema.parse(profile)).toEqual(profile);
    }
  });

  it('are found by id, with the nearest one named for a misspelling', () => {
    expect(findDevice('mlx5-odp').granuleEntries.value).toBe(8);
    expect(() => findDevice('mlx5-opd')).toThrow('did you mean "mlx5-odp"?');
  });
});

describe('deviceCostsOf', () => {
  it('charges entries by the 64-byte granule', () => {
    expect(deviceCostsOf(findDevice('mlx5-odp'))).toEqual({
      commandNs: 2_000,
      granuleNs: 8,
      invalidateNs: 0,
      fenceNs: 0,
      faultNs: 220_000,
      cacheEntries: 1_024,
    });
  });
});

describe('own profiles', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'xlt-device-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function write(name: string, text: string): string {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file;
  }

  it('are read from YAML', () => {
    const own = { ...DEVICE_PROFILES[1]!, id: 'my-nic' };
    expect(findDevice(write('own.yaml', stringify(own)))).toEqual(own);
  });

  it('are refused with file, path and range', () => {
    const profile = structuredClone(DEVICE_PROFILES[0]!) as unknown as {
      costs: { faultNs: { value: unknown; unit: string } };
    };
    for (const value of [-1, Number.NaN, 'much', 1e30]) {
      profile.costs.faultNs.value = value;
      const file = write('bad.yaml', stringify(profile));
      expect(() => findDevice(file)).toThrow(
        `device profile ${file}: costs.faultNs.value: expected a number 0..60000000000`,
      );
    }
    profile.costs.faultNs.value = 1;
    profile.costs.faultNs.unit = 'us';
    const unit = write('unit.yaml', stringify(profile));
    expect(() => findDevice(unit)).toThrow('costs.faultNs.unit: expected one of ns, got "us"');
  });

  it('give one line for an unknown key, for what is not YAML and for a missing file', () => {
    const unknown = write('key.yaml', stringify({ ...DEVICE_PROFILES[0], cacheEntry: 3 }));
    expect(() => findDevice(unknown)).toThrow('did you mean "cacheEntries"?');
    for (const file of [write('no.yaml', 'a: [1'), join(folder, 'missing.yaml')]) {
      const message = messageOf(() => findDevice(file));
      expect(message).toContain(file);
      expect(message).not.toContain('\n');
    }
  });
});

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
}
