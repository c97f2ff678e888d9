import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { nearestName } from '../../results/nearest-name.ts';
import { UsageError } from '../../results/usage-error.ts';
import { checkInput } from '../suites/checked-input.ts';
import { DEVICE_PROFILES } from './device-catalogue.ts';
import { type DeviceProfile, deviceProfileSchema } from './device-profile.ts';

/**
 * The profile of a built-in id, or of a YAML file when `name` looks like a path (has a slash or
 * ends in .yaml or .yml).
 *
 * @throws {UsageError} naming the nearest id, or the file and the path inside it
 */
export function findDevice(name: string): DeviceProfile {
  const found = DEVICE_PROFILES.find((profile) => profile.id === name);
  if (found !== undefined) return found;
  if (/[/\\]|\.ya?ml$/.test(name)) return readDeviceProfile(name);
  const ids = DEVICE_PROFILES.map((profile) => profile.id);
  const near = nearestName(name, ids);
  const hint = near === undefined ? '' : `; did you mean "${near}"?`;
  throw new UsageError(
    `device "${name}": unknown${hint} (built in: ${ids.join(', ')}; or the path of a .yaml file)`,
  );
}

function readDeviceProfile(file: string): DeviceProfile {
  let value: unknown;
  try {
    value = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new UsageError(`device profile ${file}: ${reason}`);
  }
  return checkInput(deviceProfileSchema, value, `device profile ${file}`);
}
