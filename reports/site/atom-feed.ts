import { createHash } from 'node:crypto';
import { escapeHtml } from '../escape.ts';
import { formatValue } from '../units.ts';
import { unitOf } from './lane-rows.ts';
import { type HistoryChange, isRegression } from './regressions.ts';

const ENTRIES = 100;

/** RFC 4287 feed of the newest regressions. Ids depend on what changed, not on when it is built. */
export function atomFeed(changes: readonly HistoryChange[], updatedAt: string): string {
  const entries = changes.filter(isRegression).slice(0, ENTRIES).map(entryOf);
  return `<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
<title>xlt-bench regressions</title>
<id>urn:xlt-bench:regressions</id>
<updated>${escapeHtml(updatedAt)}</updated>
<link rel="self" href="feed.xml"/>
<author><name>xlt-bench publish</name></author>
${entries.join('\n')}
</feed>
`;
}

function entryOf(change: HistoryChange): string {
  const { run, scenario, strategy, metric, before, after, confirmed, machineId } = change;
  const unit = unitOf(metric);
  const identity = JSON.stringify([run.id, machineId, scenario, strategy, metric]);
  const id = createHash('sha256').update(identity).digest('hex').slice(0, 32);
  const title = `${strategy} on ${scenario}: ${metric} ${formatValue(after / before, 'ratio')}`;
  const text = `${metric} of ${strategy} on ${scenario} went from ${formatValue(before, unit)} to ${formatValue(after, unit)} in run ${run.id} on machine ${machineId}; told apart by the judge of compare; ${confirmed ? 'a later run agrees' : 'not confirmed by a later run yet'}.`;
  return `<entry><id>urn:xlt-bench:${id}</id><title>${escapeHtml(title)}</title><updated>${escapeHtml(run.createdAt)}</updated><link href="runs/${run.slug}/index.html"/><summary>${escapeHtml(text)}</summary></entry>`;
}
