import { nearestName } from '../../results/nearest-name.ts';
import { UsageError } from '../../results/usage-error.ts';
import { checkInput } from '../suites/checked-input.ts';
import { readYamlFile } from '../suites/yaml-file.ts';
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
  const where = `device profile ${file}`;
  return checkInput(deviceProfileSchema, readYamlFile(file, where), where);
}
