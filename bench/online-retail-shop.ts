// The bundled gift shop brought into a lake, and the moments it is tested at.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DAY_MS } from '../src/core/time.ts';
import { type Engine, openEngine } from '../src/data/engine.ts';
import { importFiles } from '../src/data/import/import-files.ts';
import { readSource } from '../src/data/lake/read.ts';
import type { EventSource } from '../src/data/source.ts';
import { rollingOrigins } from '../src/data/splits.ts';
import { createWorkspace } from '../src/data/workspace.ts';

const DATA = fileURLToPath(new URL('../examples/online-retail/online-retail.csv.gz', import.meta.url));
/** Newest tests whose own training still has three horizons of history behind it. */
const TESTS = 5;

export async function withOnlineRetail<T>(
  threads: number,
  work: (engine: Engine, source: EventSource) => Promise<T>,
): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'foresell-bench-'));
  const engine = await openEngine({ threads });
  try {
    const workspace = createWorkspace(join(dir, 'shop'), { zone: 'Europe/London' });
    await importFiles(workspace, [DATA], 'online-retail', { threads });
    return await work(engine, await readSource(workspace, engine));
  } finally {
    engine.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Moments of tests a 30-day horizon apart, UTC ms. */
export const testMoments = (source: EventSource): number[] =>
  rollingOrigins({
    firstMs: source.firstMs,
    lastMs: source.lastMs,
    horizonMs: 30 * DAY_MS,
    zone: source.zone,
    maxTests: TESTS,
  }).map(({ test }) => test[0]);

export function concat(arrays: readonly Float64Array[]): Float64Array {
  const joined = new Float64Array(arrays.reduce((sum, array) => sum + array.length, 0));
  let offset = 0;
  for (const array of arrays) {
    joined.set(array, offset);
    offset += array.length;
  }
  return joined;
}
