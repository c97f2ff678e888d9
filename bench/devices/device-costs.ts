import type { DeviceCosts } from '../cell/cell-setup.ts';
import type { DeviceProfile } from './device-profile.ts';

/**
 * 8-byte entries of the 64-byte line in which a command carries them (umr.c, alignment of a UMR).
 */
const ENTRIES_PER_GRANULE = 8;

/** The profile's costs as the core charges them. */
export function deviceCostsOf(profile: DeviceProfile): DeviceCosts {
  const { costs, cacheEntries } = profile;
  return {
    commandNs: costs.commandFixedNs.value,
    granuleNs: (costs.perEntryPs.value * ENTRIES_PER_GRANULE) / 1000,
    invalidateNs: costs.invalidateCommandNs.value,
    fenceNs: costs.fenceNs.value,
    faultNs: costs.faultNs.value,
    cacheEntries: cacheEntries.value,
  };
}
