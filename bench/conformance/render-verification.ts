import type { StrategyVerification, VerificationReport } from './verification.ts';

const FAILURES_SHOWN = 5;

/** The report as text for a terminal: one line a strategy, then excuses, failures and their replays. */
export function renderVerification(report: VerificationReport): string {
  const lines = report.strategies.flatMap(renderStrategy);
  const passed = report.strategies.filter(({ verdict }) => verdict === 'passed').length;
  lines.push('', ...renderExcuses(report));
  lines.push(
    '',
    `${report.verdict}: ${passed} of ${report.strategies.length} strategies (size ${report.size}, seed ${report.seed})`,
  );
  return lines.join('\n');
}

function renderStrategy(verification: StrategyVerification): string[] {
  const { id, kind, passed, excused, failed, caughtBy, tookMs, verdict } = verification;
  const seconds = (tookMs / 1000).toFixed(1);
  if (caughtBy !== undefined) {
    if (caughtBy === null) return [`NOT CAUGHT ${id} (${kind}): every check passed, ${seconds} s`];
    return [
      `caught     ${id} (${kind}) by ${caughtBy.how} ${caughtBy.case}: ${caughtBy.message}, ${seconds} s`,
    ];
  }
  const lines = [
    `${verdict === 'passed' ? 'passed    ' : 'FAILED    '} ${id}: ${passed} cases passed, ` +
      `${excused.length} excused, ${failed.length} failed${sweepText(verification)}, ${seconds} s`,
  ];
  for (const { case: name, message, replay } of failed.slice(0, FAILURES_SHOWN)) {
    lines.push(`  ${name}: ${message}`, `    again: ${replay}`);
  }
  if (failed.length > FAILURES_SHOWN) lines.push(`  and ${failed.length - FAILURES_SHOWN} more`);
  return lines;
}

function sweepText({ failNth, deviceErrors, race }: StrategyVerification): string {
  const parts: string[] = [];
  if (failNth !== null) {
    const failures = failNth.sites.reduce((sum, site) => sum + site.failures, 0);
    parts.push(
      `${failures} allocation failures at ${failNth.sites.length} kinds of allocation in ${failNth.runs} runs ` +
        `(${failNth.violations} violations, ${failNth.leaks} leaks, ${failNth.hangs} hangs)`,
    );
  }
  if (deviceErrors !== null) parts.push(`${deviceErrors.runs} runs with failing commands`);
  if (race !== null) {
    parts.push(`race of ${race.events} events and ${race.translations} translations`);
  }
  return parts.length === 0 ? '' : `; ${parts.join('; ')}`;
}

/** Excuses that everybody shares once, the others by strategy. */
function renderExcuses({ strategies }: VerificationReport): string[] {
  const users = new Map<string, string[]>();
  for (const { id, excused } of strategies) {
    for (const excuse of excused) {
      const text = `${excuse.case}: ${excuse.reason}`;
      users.set(text, [...(users.get(text) ?? []), id]);
    }
  }
  // A canary stops at its first failure, so it may not have come to every excuse.
  const real = strategies.filter(({ caughtBy }) => caughtBy === undefined).map(({ id }) => id);
  return [...users].map(([text, ids]) => {
    const everybody = real.length > 1 && real.every((id) => ids.includes(id));
    const who = everybody ? 'all' : ids.join(', ');
    return `excused (${who}) ${text}`;
  });
}
