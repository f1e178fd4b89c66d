// The demo's shop as a server: with a key, and calls to try.
import { DAY_MS } from '../core/time.ts';
import type { Workspace } from '../data/workspace.ts';
import { createKey } from '../serve/key-file.ts';
import { auditCommand } from './audit.ts';
import type { Context } from './context.ts';
import { serveShops } from './serve-shops.ts';

/** What the demo's server is told first. */
const SERVED_EVENT = {
  ...{ type: 'purchase', user_id: 'a new customer', item_id: '85123A', order_id: 'web-1' },
  ...{ price: 2.55, quantity: 6 },
};

/** The demo's shop in service, with a key of its own and calls that can be typed as they stand. */
export async function serveDemo(
  context: Context,
  workspace: Workspace,
  { port, document }: { readonly port: number; readonly document: Readonly<Record<string, unknown>> },
): Promise<void> {
  const zh = context.language === 'zh';
  context.say(`\n── ${zh ? '实时预测' : 'in real time'} ──`);
  const { text: key, record } = createKey(
    workspace.dir,
    {
      ...{ kind: 'server', scopes: ['events:write', 'predictions:read', 'users:read'], label: 'demo' },
      expiresMs: Date.now() + DAY_MS,
    },
    { now: Date.now },
  );
  await auditCommand(workspace.dir, {
    action: 'key.create',
    subject: { kind: 'key', id: record.id },
    details: { kind: record.kind, scope: record.scopes },
  });
  await serveShops(context, [workspace], {
    ...{ host: '127.0.0.1', port, followMs: 2000, settleMs: 600_000, logLevel: 'warn' },
    ...{ trustProxy: false, openMetrics: false },
    onListening({ url, shops }) {
      context.document({ ...document, server: { url, shops, key, pid: process.pid } });
      const call = (path: string, body: unknown): string =>
        `curl -sS ${url}${path} -H 'Authorization: Bearer ${key}' -H 'Content-Type: application/json' -d '${JSON.stringify(body)}'`;
      const [event, customer] = [SERVED_EVENT, { entities: [{ user_id: SERVED_EVENT.user_id }] }];
      context.say(
        zh
          ? `正在监听 ${url}，密钥一天内有效；在另一个终端可以试试，或在浏览器中打开 ${url}/docs；Ctrl-C 停止：`
          : `listening on ${url} with a key for a day; in another terminal, or in a browser at ${url}/docs; Ctrl-C stops it:`,
      );
      for (const line of [
        call('/v1/events', [event]),
        call('/v1/predictions/purchase', customer),
        call('/v1/recommendations', { ...customer, top: 3 }),
      ])
        context.say(`\n  ${line}`);
    },
  });
}
