import type { z } from 'zod';
import { checkInput, integerBetween, numberBetween, strictShape } from '../suites/checked-input.ts';
import { AddressSpaceScript } from './address-space-script.ts';
import type { PageTrace } from './page-trace.ts';
import { SeededRandom } from './seeded-random.ts';

/** One number that shapes a workload. */
export interface ParameterSpec {
  readonly about: string;
  readonly unit: string;
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** Absent: any number of the range; else a multiple of it. */
  readonly step?: number;
  /** The measurement the default comes from; `model constant` where there is none. */
  readonly source: string;
}

/** A named generator of page traces. */
export interface Workload {
  readonly id: string;
  /** A line for lists and reports. */
  readonly title: string;
  /** What it is shaped after. */
  readonly source: string;
  readonly parameters: Readonly<Record<string, ParameterSpec>>;
  /** @throws {UsageError} for an unknown parameter or one outside its range */
  check(params: Readonly<Record<string, unknown>>): void;
  /**
   * The same parameters and seed give the same bytes.
   *
   * @param params a part of the parameters; defaults for the rest
   * @throws {UsageError} for an unknown parameter or one outside its range
   */
  make(params: Readonly<Record<string, unknown>>, seed: number): PageTrace;
}

type Specs = Readonly<Record<string, ParameterSpec>>;
export type ParameterValues<S extends Specs> = { readonly [Name in keyof S]: number };

/** Parameters that every synthetic storm has. */
export const COMMON_PARAMETERS = {
  spaceMiB: {
    about: 'size of the address space that the device mirrors',
    unit: 'MiB',
    default: 512,
    min: 8,
    max: 262_144,
    step: 2,
    source: 'model constant: a few times the largest range of recording.md 2.3 (54-129 MiB)',
  },
  regions: {
    about: 'registered regions of equal size that cover the space',
    unit: 'regions',
    default: 1,
    min: 1,
    max: 131_072,
    step: 1,
    source: 'model constant: one implicit region',
  },
  seconds: {
    about: 'length of the storm after the set-up',
    unit: 's',
    default: 1,
    min: 0.001,
    max: 3_600,
    source: 'recording.md 2.3: recordings of 0.75-5.3 s',
  },
  contiguity: {
    about: 'probability that two 4 KiB faults in a row get neighbouring frames',
    unit: 'share',
    default: 0.26,
    min: 0,
    max: 1,
    source: 'pagemap poll of redis with BGSAVE: 33 169 pages appeared in 24 439 frame runs',
  },
} as const satisfies Specs;

/** Checks `params` against `specs` and fills in the defaults. */
export function checkParameters<S extends Specs>(
  id: string,
  specs: S,
  params: Readonly<Record<string, unknown>>,
): ParameterValues<S> {
  const shape: Record<string, z.ZodType> = {};
  for (const [name, spec] of Object.entries(specs)) {
    shape[name] = parameterSchema(spec).default(spec.default);
  }
  return checkInput(strictShape(shape), params, `workload ${id}`) as unknown as ParameterValues<S>;
}

function parameterSchema(spec: ParameterSpec): z.ZodType<number> {
  const { min, max, step } = spec;
  if (step === undefined) return numberBetween(min, max);
  if (step === 1) return integerBetween(min, max);
  return integerBetween(min, max).multipleOf(step, {
    error: `expected a multiple of ${step}, ${min}..${max}`,
  });
}

interface WorkloadDefinition<S extends Specs> {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  readonly parameters: S;
  /** Writes the events; `script` starts empty and ends as the trace. */
  generate(
    values: ParameterValues<S & typeof COMMON_PARAMETERS>,
    random: SeededRandom,
    script: AddressSpaceScript,
  ): void;
}

/** Makes a workload of a definition: common parameters, checks, regions, description. */
export function defineWorkload<const S extends Specs>(definition: WorkloadDefinition<S>): Workload {
  const { id, title, source } = definition;
  const parameters = { ...COMMON_PARAMETERS, ...definition.parameters };
  return {
    id,
    title,
    source,
    parameters,
    check(params) {
      checkParameters(id, parameters, params);
    },
    make(params, seed) {
      const values = checkParameters(id, parameters, params) as ParameterValues<
        S & typeof COMMON_PARAMETERS
      >;
      const { spaceMiB, regions, contiguity } = values as ParameterValues<typeof COMMON_PARAMETERS>;
      const script = new AddressSpaceScript(spaceMiB * 256);
      definition.generate(values, new SeededRandom(seed), script);
      return script.finish({
        name: id,
        description: `synthetic ${id}, seed ${seed}: ${describe(parameters, values)}`,
        regionCount: Math.min(regions, spaceMiB / 2),
        contiguity,
      });
    },
  };
}

function describe(specs: Specs, values: Readonly<Record<string, number>>): string {
  return Object.keys(specs)
    .map((name) => `${name} ${values[name]}`)
    .join(', ');
}
