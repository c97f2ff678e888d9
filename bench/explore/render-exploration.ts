import type { CoverageReport, NeverHit } from './coverage.ts';
import { explorationVerdict } from './exploration-verdict.ts';
import type { ExplorationReport, ScenarioReport, StrategyExploration } from './explore.ts';

/** The report as text for a terminal: a line a strategy, its failures, the accesses nobody made. */
export function renderExploration({ strategies, seed, scheduler }: ExplorationReport): string {
  return [...strategies.flatMap(renderStrategy), `seed ${seed}, ${scheduler} scheduler`].join('\n');
}

function renderStrategy(strategy: StrategyExploration): string[] {
  const { id, scenarios, coverage } = strategy;
  const failed = scenarios.filter(({ violations, livelocks }) => violations + livelocks > 0);
  const missed = scenarios.filter(({ schedules }) => schedules === 0).map(({ name }) => name);
  return [
    `${id}: ${explorationVerdict(strategy)}; ${schedulesText(scenarios)}, ${coverageText(coverage)}`,
    ...failed.map((scenario) => failureText(id, scenario)),
    ...(missed.length === 0
      ? []
      : [
          `  not reached: ${missed.length} ${missed.length === 1 ? 'scenario' : 'scenarios'} (${missed.join(', ')})`,
        ]),
    // Of a strategy that had no turn the list would be all there is.
    ...(coverage.hit === 0 ? [] : neverHitText(coverage.neverHit)),
  ];
}

function schedulesText(scenarios: readonly ScenarioReport[]): string {
  const reached = scenarios.filter(({ schedules }) => schedules > 0);
  if (reached.length === 0) return 'no schedule';
  const counts = reached.map(({ schedules }) => schedules);
  const sum = counts.reduce((total, count) => total + count, 0);
  const seconds = reached.reduce(
    (total, { schedules, schedulesPerSecond }) => total + schedules / schedulesPerSecond,
    0,
  );
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const each = least === most ? '' : ` (${least} to ${most} each)`;
  return `${sum} schedules of ${reached.length} scenarios${each} at ${Math.round(sum / seconds)}/s`;
}

function coverageText({ sites, hit, hitByConformance, hitByExploration }: CoverageReport): string {
  const total = `${hit} of ${sites} accesses reached`;
  if (hitByConformance === null) return `${total} (conformance suite not run)`;
  return `${total} (${hitByConformance} by the conformance suite, ${hitByExploration} here)`;
}

function failureText(id: string, scenario: ScenarioReport): string {
  return (
    `  ${scenario.name}: ${scenario.violations} violations, ${scenario.livelocks} livelocks, first in ` +
    `schedule ${scenario.schedulesToFirst}: ${scenario.firstFault}\n` +
    `    xlt-bench explore ${id} --replay ${scenario.firstFailingSeed}`
  );
}

/** One line a function: `name: instruction #site #site, instruction #site`. */
function neverHitText(points: readonly NeverHit[]): string[] {
  if (points.length === 0) return [];
  const functions = new Map<string, Map<string, string>>();
  for (const { function: name, instruction, site } of points) {
    const instructions = functions.get(name) ?? new Map<string, string>();
    instructions.set(instruction, `${instructions.get(instruction) ?? instruction} #${site}`);
    functions.set(name, instructions);
  }
  return [
    `  never reached: ${points.length} ${points.length === 1 ? 'access' : 'accesses'}`,
    ...[...functions].map(
      ([name, instructions]) => `    ${name}: ${[...instructions.values()].join(', ')}`,
    ),
  ];
}
