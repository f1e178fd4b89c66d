// A server at work: listening, keys and models followed as they change on the disk, and an end that loses nothing.
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { AppError } from '../core/errors.ts';
import { followKeys } from './followed-keys.ts';
import type { Route } from './http/route.ts';
import { createServer, type ServerParts } from './http/server.ts';
import { shopRoutes } from './http/shop-routes.ts';
import type { Refreshed } from './online/models-in-service.ts';
import type { ShopService } from './open-service.ts';
import type { ServerMonitor } from './operation/server-monitor.ts';
import { repeatWork } from './repeat-work.ts';

export interface RunServerOptions {
  /** By the name that keys carry. */
  readonly shops: ReadonlyMap<string, { readonly service: ShopService; readonly workspaceDir: string }>;
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** How often keys and models on the disk are looked at. */
  readonly followMs: number;
  /** How often the journal is brought into the lake. */
  readonly settleMs: number;
  readonly now: () => number;
  readonly routes?: readonly Route[];
  readonly server?: Pick<
    ServerParts,
    'limits' | 'pressure' | 'rates' | 'observer' | 'trustProxy' | 'webhooks'
  >;
  /** Whose shops these are; it tells of what goes on. */
  readonly monitor?: ServerMonitor;
  /** Hears of models that changed, or cannot be used. */
  readonly onModels?: (shop: string, refreshed: Refreshed) => void;
  /** Hears what could not be followed; the server goes on with what it had. */
  readonly onTrouble?: (error: unknown) => void;
}

export interface RunningServer {
  /** `http://127.0.0.1:8787` */
  readonly url: string;
  readonly app: FastifyInstance;
  /** Looks at keys and models now. */
  follow(): Promise<void>;
  /** Answers what is under way, refuses what is new, writes states down, frees the journals. */
  close(): Promise<void>;
}

/** @throws AppError USAGE where the address cannot be listened on */
export async function runServer(options: RunServerOptions): Promise<RunningServer> {
  const { shops, host, port, now, followMs, settleMs, onModels, onTrouble = () => {}, monitor } = options;
  const keys = followKeys(new Map([...shops].map(([name, { workspaceDir }]) => [name, workspaceDir])));
  const app = createServer({
    ...(monitor && { observer: monitor.observer, webhooks: monitor.webhooks }),
    ...options.server,
    shops: new Map([...shops].map(([name, { service }]) => [name, service.shop])),
    keyring: keys.keyring,
    now,
    routes: [...shopRoutes, ...(options.routes ?? [])],
  });
  const follow = async (): Promise<void> => {
    keys.follow();
    for (const [name, { service }] of shops) {
      const refreshed = await service.refresh();
      if (refreshed.changes.length + refreshed.faults.length > 0) onModels?.(name, refreshed);
      await service.monitor?.collect();
    }
  };
  const settle = async (): Promise<void> => {
    for (const { service } of shops.values()) {
      const startMs = now();
      // One shop's import must not keep another's events out of its lake.
      await service
        .settle()
        .then(() => monitor?.settled(service, startMs))
        .catch(onTrouble);
    }
  };
  let closing: Promise<void> | undefined;
  const work = [
    repeatWork(followMs, follow, onTrouble),
    repeatWork(settleMs, settle, onTrouble),
    ...(monitor?.tasks ?? []).map(({ everyMs, run }) => repeatWork(everyMs, run, onTrouble)),
  ];
  try {
    await app.listen({ host, port });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EACCES' && code !== 'EADDRNOTAVAIL') throw cause;
    throw new AppError('USAGE', `expected an address that is free, got ${host}:${port} (${code})`, {}, cause);
  }
  for (const { start } of work) start();
  monitor?.started(new Map([...shops].map(([name, { service }]) => [name, service])));
  const address = app.server.address() as AddressInfo;
  const shownHost = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    ...{ url: `http://${shownHost}:${address.port}`, app, follow },
    close() {
      closing ??= (async () => {
        await app.close();
        for (const { stop } of work) await stop();
        await monitor?.stopped();
        for (const { service } of shops.values()) await service.close();
        monitor?.close();
      })();
      return closing;
    },
  };
}
