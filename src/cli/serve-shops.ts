// Shops in service for as long as a command runs: opened one after the other, served, and closed so that nothing is lost.
import { randomUUID } from 'node:crypto';
import { AppError } from '../core/errors.ts';
import type { Workspace } from '../data/workspace.ts';
import { createLineSink } from '../monitor/log/line-sink.ts';
import type { LogLevel } from '../monitor/log/logger.ts';
import { readKeys } from '../serve/key-file.ts';
import { openService, personIds, type ShopService } from '../serve/open-service.ts';
import { openServerMonitor } from '../serve/operation/server-monitor.ts';
import { runServer } from '../serve/run-server.ts';
import { nodeBackend } from '../tensor/session/session-node.ts';
import { readNewVectors } from '../train/sequence/read-vectors.ts';
import type { Context } from './context.ts';
import { type RetrainSettings, startRetraining } from './serve-retraining.ts';
import { sayModels, sayShop, sayUnpromoted, shopName } from './serve-text.ts';

/** How long a command that serves may take to end: what is under way, and the state of a million people written down. */
export const SERVE_GRACE_MS = 60_000;

export interface ServeShopsOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly followMs: number;
  readonly settleMs: number;
  readonly logLevel: LogLevel;
  readonly trustProxy: boolean;
  /** Whether `/metrics` answers without a key. */
  readonly openMetrics: boolean;
  readonly retrain?: RetrainSettings | undefined;
  /** Told once the server listens. */
  readonly onListening: (server: { readonly url: string; readonly shops: readonly string[] }) => void;
}

/**
 * Resolves when the context's signal has been given and everything is on the disk.
 *
 * @throws AppError USAGE for two folders of one name or an address that is taken, and what opening a service throws
 */
export async function serveShops(
  context: Context,
  workspaces: readonly Workspace[],
  options: ServeShopsOptions,
): Promise<void> {
  const { host, port, followMs, settleMs, retrain } = options;
  const shops = new Map<
    string,
    { readonly service: ShopService; readonly workspace: Workspace; readonly workspaceDir: string }
  >();
  const sink = createLineSink({ descriptor: 2 });
  const monitor = openServerMonitor({ write: sink.write, level: options.logLevel, now: Date.now });
  const end = async (): Promise<void> => {
    for (const { service } of shops.values()) await service.close();
    monitor.close();
    sink.flushNow();
  };
  try {
    for (const workspace of workspaces) {
      const name = shopName(workspace);
      if (shops.has(name))
        throw new AppError('USAGE', `expected folders of different names, got "${name}" twice`);
      const own = await monitor.openShop(workspace, name, personIds(workspace));
      const service = await openService(workspace, {
        ...{ monitor: own, observer: monitor.observer },
        ...{ name, threads: context.threads, now: Date.now, newId: randomUUID, backend: nodeBackend },
        ...{ progress: context.progress, signal: context.signal },
        vectorsOf: (catalogue, { encoders }) =>
          readNewVectors(catalogue, encoders, {
            ...{ backend: nodeBackend, moved: {}, threads: context.threads },
            ...{ progress: context.progress, signal: context.signal },
          }),
        onUnusable: ({ message }) =>
          context.progress.note(`the state is made of the lake once more: ${message}`),
      });
      shops.set(name, { service, workspace, workspaceDir: workspace.dir });
      context.progress.clear();
      sayShop(context, name, service);
      sayUnpromoted(context, workspace);
      if (readKeys(workspace.dir).length === 0) sayNoKey(context, workspace);
    }
  } catch (cause) {
    await end();
    throw cause;
  }
  const server = await runServer({
    ...{ shops, host, port, followMs, settleMs, now: Date.now },
    server: { trustProxy: options.trustProxy },
    monitor,
    routes: [monitor.metricsRoute(options.openMetrics)],
    onModels: (shop, refreshed) => sayModels(context, shop, refreshed),
    onTrouble: monitor.trouble,
  }).catch(async (cause) => {
    await end();
    throw cause;
  });
  const retraining = retrain && startRetraining(shops.values(), retrain, monitor.trouble);
  options.onListening({ url: server.url, shops: [...shops.keys()] });
  await stopped(context.signal);
  await retraining?.close();
  await server.close();
  sink.flushNow();
  context.say(
    context.language === 'zh' ? '已停止：没有丢失任何事件' : 'stopped: nothing that was acknowledged is lost',
  );
}

function sayNoKey(context: Context, { dir }: Workspace): void {
  context.say(
    context.language === 'zh'
      ? `  还没有密钥：foresell keys create --workspace ${dir}`
      : `  there is no key yet: foresell keys create --workspace ${dir}`,
  );
}

const stopped = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
