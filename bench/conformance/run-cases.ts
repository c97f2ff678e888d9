import { conformanceCases } from './case-list.ts';
import type { CaseContext, ConformanceCase, SuiteSize } from './conformance-case.ts';
import type { StrategyUnderTest } from './strategy-host.ts';
import { type CaseExcuse, type CaseFailureRecord, replayCommand } from './verification.ts';

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
  /** One failure is enough: canaries. */
  readonly stopsAtFailure?: boolean;
  readonly onCase?: (name: string) => void;
}

/** A case, with the parameters it runs under. */
interface PlannedCase {
  readonly name: string;
  readonly of: ConformanceCase;
  readonly params: Readonly<Record<string, number>>;
}

/**
 * Runs the conformance cases on one strategy in this thread: all of them with its default parameters,
 * those about safety once more with each parameter at its ends. A module that loops forever hangs it.
 */
export function runCases(strategy: StrategyUnderTest, selection: CaseSelection): CaseResults {
  const passed: string[] = [];
  const excused: CaseExcuse[] = [];
  const failed: CaseFailureRecord[] = [];
  for (const { name, of, params } of planCases(strategy, selection.only)) {
    const reason = of.excused ?? strategy.entry.excused?.[of.name];
    if (reason !== undefined) {
      excused.push({ case: name, reason });
      continue;
    }
    if (selection.stopsAtFailure === true && failed.length > 0) break;
    selection.onCase?.(name);
    const message = runOne(of, {
      strategy: { ...strategy, params: { ...strategy.params, ...params } },
      size: selection.size,
      seed: selection.seed,
    });
    if (message === null) passed.push(name);
    else
      failed.push({
        case: name,
        message,
        replay: replayCommand(strategy.file ?? strategy.entry.id, name, selection),
      });
  }
  return { passed, excused, failed };
}

/** Cases that hold for every parameter; claims of the manifest are made for the defaults. */
const FOR_EVERY_PARAMETER = [
  'model/random-two-regions',
  'invariant/i1',
  'invariant/i2',
  'invariant/i4',
  'invariant/i6',
  'pt/balance',
];

function planCases({ entry }: StrategyUnderTest, only = ''): PlannedCase[] {
  const applying = conformanceCases.filter(({ appliesTo }) => appliesTo?.(entry) ?? true);
  const plan: PlannedCase[] = applying.map((of) => ({ name: of.name, of, params: {} }));
  for (const { name, min, max, default: usual } of entry.params) {
    for (const value of new Set([min, max])) {
      if (value === usual) continue;
      for (const of of applying) {
        if (!FOR_EVERY_PARAMETER.includes(of.name) || of.excused !== undefined) continue;
        plan.push({ name: `${of.name}[${name}=${value}]`, of, params: { [name]: value } });
      }
    }
  }
  return plan.filter(({ name }) => name.startsWith(only));
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
