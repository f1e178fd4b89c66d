// An engine and one consistent look at the lake for as long as some work takes.
import { join } from 'node:path';
import { type Engine, openEngine } from '../engine.ts';
import type { EventSource } from '../source.ts';
import type { Workspace } from '../workspace.ts';
import { withSource } from './read.ts';

/**
 * Opens an engine of its own, runs `work` on the lake as it stands, and closes it whatever happens.
 *
 * @param work must keep nothing from an attempt that failed: it runs again when an erasure removed files underneath
 */
export async function withLake<T>(
  workspace: Workspace,
  options: { readonly threads?: number },
  work: (engine: Engine, source: EventSource) => Promise<T>,
): Promise<T> {
  const engine = await openEngine({
    threads: options.threads,
    tempDir: join(workspace.dir, 'spill', String(process.pid)),
  });
  try {
    return await withSource(workspace, engine, (source) => work(engine, source));
  } finally {
    engine.close();
  }
}
