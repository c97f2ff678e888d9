import { z } from 'zod';
import { cellRecordSchema } from './cell-record.ts';
import { SCHEMA_VERSION } from './schema-version.ts';

/** JSON Schema (2020-12) of a line of cells.ndjson; stored as record.schema.json. */
export function recordJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(cellRecordSchema, {
    override: ({ jsonSchema }) => {
      // A later minor version may add fields: a reader ignores what it does not know.
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  return { title: `xlt-bench cell record ${SCHEMA_VERSION}`, ...schema };
}
