import { UsageError } from './usage-error.ts';

/** Written into every JSON of a run folder: "major.minor". A new minor only adds fields. */
export const SCHEMA_VERSION = '1.1';

/** The JSON documents that carry a schema version. */
export type DocumentKind = 'record' | 'plan' | 'host' | 'baseline';

/** The document was written by a later major version: reading it would be guessing. */
export class NewerSchemaError extends UsageError {}

type Json = Record<string, unknown>;
type Migration = {
  readonly from: string;
  readonly to: string;
  readonly migrate: Partial<Record<DocumentKind, (document: Json) => Json>>;
};

/** One step per version that ever stood in a file; a step that is absent for a kind changes nothing. */
const MIGRATIONS: readonly Migration[] = [
  { from: '0.9', to: '1.0', migrate: { record: splitDeviceProfile } },
];

/** 0.9 kept the profile's name in `device` and the counters beside it in `deviceCounters`. */
function splitDeviceProfile(document: Json): Json {
  const { device, deviceCounters, ...rest } = document;
  return { ...rest, device: { profile: device, ...(deviceCounters as Json | undefined) } };
}

function parseVersion(version: unknown, where: string): readonly [number, number] {
  const match = typeof version === 'string' ? /^(\d+)\.(\d+)$/.exec(version) : null;
  if (match === null) {
    throw new UsageError(
      `${where}: schemaVersion is ${JSON.stringify(version) ?? 'missing'}, expected "major.minor" such as "${SCHEMA_VERSION}"`,
    );
  }
  return [Number(match[1]), Number(match[2])];
}

/**
 * Brings a parsed JSON document to SCHEMA_VERSION's shape, ready for its zod schema.
 * A newer minor of the same major passes as it is: its additional fields are ignored.
 *
 * @param where file (and line) for the message
 * @throws NewerSchemaError on a newer major
 * @throws UsageError when the version is missing or older than any migration
 */
export function migrateDocument(document: unknown, kind: DocumentKind, where: string): Json {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new UsageError(`${where}: expected a JSON object with a schemaVersion`);
  }
  let current = document as Json;
  const [major] = parseVersion(current.schemaVersion, where);
  const [ownMajor] = parseVersion(SCHEMA_VERSION, 'this program');
  if (major > ownMajor) {
    throw new NewerSchemaError(
      `${where}: schemaVersion ${current.schemaVersion} is newer than this program reads (${SCHEMA_VERSION}); update xlt-bench`,
    );
  }
  while (parseVersion(current.schemaVersion, where)[0] < ownMajor) {
    const step = MIGRATIONS.find(({ from }) => from === current.schemaVersion);
    if (step === undefined) {
      throw new UsageError(
        `${where}: schemaVersion ${current.schemaVersion} is older than any this program can migrate (${MIGRATIONS[0]!.from})`,
      );
    }
    const migrated = step.migrate[kind]?.(current) ?? current;
    current = { ...migrated, schemaVersion: step.to };
  }
  return current;
}
