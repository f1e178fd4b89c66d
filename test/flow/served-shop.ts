// For tests: a workspace served for real, listening on this machine, with what it logs and a clock that can be moved.
import { randomUUID } from 'node:crypto';
import type { JournalDisk } from '../../src/data/journal/journal-disk.ts';
import { openWorkspace } from '../../src/data/workspace.ts';
import type { LogLevel } from '../../src/monitor/log/logger.ts';
import { SCOPES, type Scope } from '../../src/serve/http/api-key.ts';
import { createKey } from '../../src/serve/key-file.ts';
import { openService, personIds, type ShopService } from '../../src/serve/open-service.ts';
import {
  openServerMonitor,
  type ServerMonitor,
  type ServerMonitorParts,
} from '../../src/serve/operation/server-monitor.ts';
import { type RunningServer, runServer } from '../../src/serve/run-server.ts';

export interface Reply {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of an answer
  readonly body: any;
}

export interface ServedShop {
  readonly url: string;
  readonly key: string;
  readonly service: ShopService;
  readonly monitor: ServerMonitor;
  readonly server: RunningServer;
  /** Lines of the log. */
  readonly lines: string[];
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  /** Value of a series of /metrics: its line up to the number. */
  figure(series: string): Promise<number | undefined>;
  close(): Promise<void>;
}

export interface ServedShopParts {
  readonly dir: string;
  readonly now: () => number;
  readonly level?: LogLevel;
  readonly post?: ServerMonitorParts['post'];
  readonly journalDisk?: JournalDisk;
}

/** Nothing happens by itself but answers: tests call what timers would. */
const NEVER_MS = 3_600_000;

export async function serveShop({
  dir,
  now,
  level = 'info',
  post,
  journalDisk,
}: ServedShopParts): Promise<ServedShop> {
  const workspace = openWorkspace(dir);
  const lines: string[] = [];
  const monitor = openServerMonitor({ write: (line) => lines.push(line), level, now, ...(post && { post }) });
  const own = await monitor.openShop(workspace, 'shop', personIds(workspace));
  const service = await openService(workspace, {
    ...{
      name: 'shop',
      threads: 1,
      now,
      newId: randomUUID,
      monitor: own,
      observer: monitor.observer,
      ...(journalDisk && { journalDisk }),
    },
  });
  const { text: key } = createKey(
    dir,
    { kind: 'server', scopes: Object.keys(SCOPES) as Scope[], label: 'all' },
    { now },
  );
  const server = await runServer({
    shops: new Map([['shop', { service, workspaceDir: dir }]]),
    ...{ host: '127.0.0.1', port: 0, followMs: NEVER_MS, settleMs: NEVER_MS, now, monitor },
    routes: [monitor.metricsRoute(false)],
    onTrouble: monitor.trouble,
  });
  const send: ServedShop['send'] = async (method, path, body, headers = {}) => {
    const reply = await fetch(`${server.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await reply.text();
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      parsed = undefined;
    }
    return { status: reply.status, text, headers: reply.headers, body: parsed };
  };
  return {
    ...{ url: server.url, key, service, monitor, server, lines, send },
    async figure(series) {
      const { text } = await send('GET', '/metrics');
      const line = text.split('\n').find((own) => own.startsWith(`${series} `) || own.startsWith(series));
      return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
    },
    close: () => server.close(),
  };
}
