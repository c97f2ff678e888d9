import { conformanceCases } from './case-list.ts';
import type { CaseContext, ConformanceCase, SuiteSize } from './conformance-case.ts';
import type { StrategyUnderTest } from './strategy-host.ts';

export interface CaseExcuse {
  readonly case: string;
  readonly reason: string;
}

export interface CaseFailureRecord {
  readonly case: string;
  readonly message: string;
  /** Command that runs this case again. */
  readonly replay: string;
}

export interface CaseResults {
  readonly passed: readonly string[];
  readonly excused: readonly CaseExcuse[];
  readonly failed: readonly CaseFailureRecord[];
}

export interface CaseSelection {
  readonly size: SuiteSize;
  readonly seed: number;
  /** Only cases whose name starts with this. */
  readonly only?: string | undefined;
  readonly onCase?: (name: string) => void;
}

/** Runs the conformance cases on one strategy in this thread. A strategy that loops forever hangs it. */
export function runCases(strategy: StrategyUnderTest, selection: CaseSelection): CaseResults {
  const passed: string[] = [];
  const excused: CaseExcuse[] = [];
  const failed: CaseFailureRecord[] = [];
  const context: CaseContext = { strategy, size: selection.size, seed: selection.seed };
  for (const conformanceCase of casesFor(strategy, selection.only)) {
    const { name } = conformanceCase;
    const reason = conformanceCase.excused ?? strategy.entry.excused?.[name];
    if (reason !== undefined) {
      excused.push({ case: name, reason });
      continue;
    }
    selection.onCase?.(name);
    const message = runOne(conformanceCase, context);
    if (message === null) passed.push(name);
    else failed.push({ case: name, message, replay: replayCommand(strategy, name, selection) });
  }
  return { passed, excused, failed };
}

function casesFor({ entry }: StrategyUnderTest, only = ''): readonly ConformanceCase[] {
  return conformanceCases.filter(
    ({ name, appliesTo }) => name.startsWith(only) && (appliesTo?.(entry) ?? true),
  );
}

function runOne(conformanceCase: ConformanceCase, context: CaseContext): string | null {
  try {
    conformanceCase.run(context);
    return null;
  } catch (cause) {
    if (!(cause instanceof Error)) return String(cause);
    if (cause instanceof WebAssembly.RuntimeError) return `the module trapped: ${cause.message}`;
    return cause.message;
  }
}

export function replayCommand(
  { entry }: StrategyUnderTest,
  name: string,
  { size, seed }: { readonly size: SuiteSize; readonly seed: number },
): string {
  return `xlt-bench verify ${entry.id} --case ${name} --seed ${seed} --size ${size}`;
}
