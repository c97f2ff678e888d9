import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../results/usage-error.ts';
import type { StrategyEntry } from '../../strategies/manifest.ts';
import { loadModules } from '../cell/thread-modules.ts';
import { packageRoot } from '../package-root.ts';
import { type InstrumentedModule, instrumentModule } from './instrument-module.ts';
import type { Site } from './instrument-text.ts';
import { SITE_CAPACITY } from './scheduler-words.ts';

/** A strategy as the command line names it: one of the manifest, or a module file of one's own. */
export interface StrategySource {
  readonly entry: StrategyEntry;
  /** Path of an out-of-tree module. */
  readonly file?: string | undefined;
  /** Parameters by name; absent ones have their default. */
  readonly params?: Readonly<Record<string, number>> | undefined;
}

/** A strategy with its instrumented modules. */
export interface ExploredStrategy {
  readonly entry: StrategyEntry;
  /** Path of an out-of-tree module. */
  readonly file: string | undefined;
  readonly params: Readonly<Record<string, number>>;
  readonly core: InstrumentedModule;
  readonly driver: InstrumentedModule;
  readonly strategy: InstrumentedModule;
  /** All sites by id. */
  readonly sites: readonly Site[];
  /** Names core, driver and strategy as one: a seed means something only for these three. */
  readonly moduleHash: string;
}

const HASH_LENGTH = 16;

/**
 * Loads and instruments core, driver and the strategy.
 *
 * @throws UsageError when the module does not have the ABI or cannot be instrumented
 */
export async function loadExplored(source: StrategySource): Promise<ExploredStrategy> {
  const { entry, params = {} } = source;
  loadModules(source.file === undefined ? { id: entry.id } : { file: source.file });
  const folder = join(packageRoot, 'dist', 'wasm');
  const file = source.file ?? join(folder, 'strategies', `${entry.id}.wasm`);
  const core = await instrumentModule({
    binary: readFileSync(join(folder, 'core.wasm')),
    module: 'core',
    role: 'core',
    firstSite: 0,
  });
  const driver = await instrumentModule({
    binary: readFileSync(join(folder, 'driver.wasm')),
    module: 'driver',
    role: 'driver',
    firstSite: core.sites.length,
  });
  const strategy = await instrumentModule({
    binary: readFileSync(file),
    module: entry.id,
    role: 'strategy',
    firstSite: core.sites.length + driver.sites.length,
  });
  const sites = [...core.sites, ...driver.sites, ...strategy.sites];
  if (sites.length > SITE_CAPACITY) {
    throw new UsageError(
      `${file}: ${sites.length} accesses; at most ${SITE_CAPACITY} are possible`,
    );
  }
  const moduleHash = createHash('sha256')
    .update([core, driver, strategy].map((module) => module.sha256).join())
    .update(JSON.stringify(params))
    .digest('hex')
    .slice(0, HASH_LENGTH);
  return { entry, file: source.file, params, core, driver, strategy, sites, moduleHash };
}
