import { nearestName } from '../../results/nearest-name.ts';
import { UsageError } from '../../results/usage-error.ts';
import { checkInput } from './checked-input.ts';
import { type Suite, suiteSchema } from './suite.ts';
import { SUITES } from './suite-catalogue.ts';
import { readYamlFile } from './yaml-file.ts';

/** A suite as it was written, and where: overrides are applied to it before it is checked again. */
export interface SuiteSource {
  /** `suite quick` or the file's path; begins every message about it. */
  readonly where: string;
  readonly suite: Suite;
}

/**
 * The built-in suite of that name, or the YAML file when `name` looks like a path (has a slash or
 * ends in .yaml or .yml).
 *
 * @throws {UsageError} naming the nearest suite, or the file, the path inside it and what is allowed
 */
export function findSuite(name: string): SuiteSource {
  const builtIn = SUITES.find((suite) => suite.name === name);
  if (builtIn !== undefined) {
    const where = `suite ${name}`;
    return { where, suite: checkInput(suiteSchema, builtIn, where) };
  }
  if (/[/\\]|\.ya?ml$/.test(name)) {
    return {
      where: name,
      suite: checkInput(suiteSchema, readYamlFile(name, `suite file ${name}`), name),
    };
  }
  const names = SUITES.map((suite) => suite.name);
  const near = nearestName(name, names);
  const hint = near === undefined ? '' : `; did you mean "${near}"?`;
  throw new UsageError(
    `suite "${name}": unknown${hint} (built in: ${names.join(', ')}; or the path of a .yaml file)`,
  );
}
