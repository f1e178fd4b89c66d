// foresell serve: events in, predictions out, over HTTP, until it is told to stop.
import { randomUUID } from 'node:crypto';
import { AppError } from '../../core/errors.ts';
import { parseSpan } from '../../core/time.ts';
import { openOrCreateWorkspace, openWorkspace, type Workspace } from '../../data/workspace.ts';
import { createLineSink } from '../../monitor/log/line-sink.ts';
import { LOG_LEVELS, type LogLevel } from '../../monitor/log/logger.ts';
import { readKeys } from '../../serve/key-file.ts';
import { openService, personIds, type ShopService } from '../../serve/open-service.ts';
import { openServerMonitor } from '../../serve/operation/server-monitor.ts';
import { runServer } from '../../serve/run-server.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import type { CommandFile } from '../command.ts';
import { UsageError } from '../context.ts';
import { retrainSettings, startRetraining, withRetrainOptions } from '../serve-retraining.ts';
import { sayModels, sayShop, shopName } from '../serve-text.ts';

/** Long enough for what is under way and for the state of a million people to be written down. */
const GRACE_MS = 60_000;

export const serveCommand: CommandFile = {
  usage: 'serve',
  summary: 'take events and answer predictions over HTTP; Ctrl-C or SIGTERM ends it and loses nothing',
  examples: [
    'foresell serve',
    'foresell serve --host 0.0.0.0 --port 8080 --trust-proxy',
    'foresell serve --workspace shops/cups --also shops/lamps shops/rugs',
    'foresell serve --retrain 03:30 --canary 10% --canary-for 1d',
  ],
  graceMs: GRACE_MS,
  declare(command) {
    withRetrainOptions(command)
      .option('--host <address>', 'address to listen on; 0.0.0.0 for everybody', '127.0.0.1')
      .option('--port <n>', 'port to listen on; 0 for any that is free', portOption, 8787)
      .option('--also <dirs...>', 'further shops, each a workspace with keys of its own')
      .option('--follow <span>', 'how often promoted models and changed keys are looked for', '2s')
      .option(
        '--settle <span>',
        'how often what came is brought into the lake, where training finds it',
        '10m',
      )
      .option(
        '--metrics',
        'answer /metrics to anybody who reaches the server, not only to keys with the scope admin',
      )
      .option('--log <level>', `lines on standard error from this level on: ${LEVELS}`, 'warn')
      .option('--trust-proxy', 'take addresses of callers from a proxy’s X-Forwarded-For');
  },
  async run(context, _, options) {
    const zh = context.language === 'zh';
    const followMs = spanOption('--follow', String(options.follow));
    const settleMs = spanOption('--settle', String(options.settle));
    const retrain = retrainSettings(options);
    const also = (options.also as string[] | undefined) ?? [];
    const workspaces = [
      openOrCreateWorkspace(context.workspaceDir),
      ...also.map((dir) => openWorkspace(dir)),
    ];
    const shops = new Map<
      string,
      { readonly service: ShopService; readonly workspace: Workspace; readonly workspaceDir: string }
    >();
    const sink = createLineSink({ descriptor: 2 });
    const level = levelOption(String(options.log));
    const monitor = openServerMonitor({ write: sink.write, level, now: Date.now });
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
          onUnusable: ({ message }) =>
            context.progress.note(`the state is made of the lake once more: ${message}`),
        });
        shops.set(name, { service, workspace, workspaceDir: workspace.dir });
        context.progress.clear();
        sayShop(context, name, service);
        if (readKeys(workspace.dir).length === 0)
          context.say(
            zh
              ? `  还没有密钥：foresell keys create --workspace ${workspace.dir}`
              : `  there is no key yet: foresell keys create --workspace ${workspace.dir}`,
          );
      }
    } catch (cause) {
      await end();
      throw cause;
    }
    const server = await runServer({
      ...{ shops, host: String(options.host), port: Number(options.port), followMs, settleMs, now: Date.now },
      server: { trustProxy: options.trustProxy === true },
      monitor,
      routes: [monitor.metricsRoute(options.metrics === true)],
      onModels: (shop, refreshed) => sayModels(context, shop, refreshed),
      onTrouble: monitor.trouble,
    }).catch(async (cause) => {
      await end();
      throw cause;
    });
    const retraining = retrain && startRetraining(shops.values(), retrain, monitor.trouble);
    context.document({ url: server.url, shops: [...shops.keys()], pid: process.pid });
    context.say(
      zh
        ? `正在监听 ${server.url}；接口文档 ${server.url}/docs；Ctrl-C 停止`
        : `listening on ${server.url}; its pages: ${server.url}/docs; Ctrl-C stops it`,
    );
    await stopped(context.signal);
    await retraining?.close();
    await server.close();
    sink.flushNow();
    context.say(zh ? '已停止：没有丢失任何事件' : 'stopped: nothing that was acknowledged is lost');
  },
};

const stopped = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

function portOption(text: string): number {
  const port = Number(text);
  if (text.trim() !== '' && Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  throw new UsageError(`--port: expected a number from 0 to 65535, got "${text.slice(0, 20)}"`);
}

const LEVELS = Object.keys(LOG_LEVELS).join(', ');

function levelOption(text: string): LogLevel {
  if (Object.hasOwn(LOG_LEVELS, text)) return text as LogLevel;
  throw new UsageError(`--log: expected ${LEVELS}, got "${text.slice(0, 20)}"`);
}

const LEAST_MS = 100;

function spanOption(option: string, text: string): number {
  const span = parseSpan(text);
  if (span >= LEAST_MS) return span;
  throw new UsageError(`${option}: expected at least 0.1s, got "${text.slice(0, 20)}"`);
}
