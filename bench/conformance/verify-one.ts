// Runs the conformance cases on one strategy, in this process, for those who write it:
//
//   npx tsc -p tsconfig.json; node dist/bench/build/build-wasm.js
//   node dist/bench/conformance/verify-one.js <id> [--case PREFIX] [--seed N] [--full]
//
// Prints one line a failed or excused case and exits with 1 if any failed. `xlt-bench verify` runs the
// same cases in child processes and adds the failure sweeps and the race with real threads.
import { parseArgs } from 'node:util';
import { loadModules } from '../cell/thread-modules.ts';
import { resolveStrategy } from '../run/resolve-strategy.ts';
import { runCases } from './run-cases.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    case: { type: 'string' },
    seed: { type: 'string', default: '1' },
    full: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});

for (const word of positionals) {
  const { entry, file } = resolveStrategy(word);
  const modules = loadModules(file === undefined ? { id: entry.id } : { file });
  const startMs = performance.now();
  let lastMs = startMs;
  const results = runCases(
    { entry, modules, params: {} },
    {
      size: values.full ? 'full' : 'small',
      seed: Number(values.seed),
      only: values.case,
      onCase: (name) => {
        if (!values.verbose) return;
        const nowMs = performance.now();
        console.log(`  ${(nowMs - lastMs).toFixed(0)} ms, then ${name}`);
        lastMs = nowMs;
      },
    },
  );
  for (const { case: name, reason } of results.excused) console.log(`excused  ${name}: ${reason}`);
  for (const { case: name, message } of results.failed) console.log(`FAILED   ${name}: ${message}`);
  const took = Math.round(performance.now() - startMs);
  console.log(
    `${entry.id}: ${results.passed.length} passed, ${results.excused.length} excused, ` +
      `${results.failed.length} failed in ${took} ms`,
  );
  if (results.failed.length > 0) process.exitCode = 1;
}
