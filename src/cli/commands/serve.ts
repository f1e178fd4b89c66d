// foresell serve: events in, predictions out, over HTTP, until it is told to stop.
import { parseSpan } from '../../core/time.ts';
import { openOrCreateWorkspace, openWorkspace } from '../../data/workspace.ts';
import { LOG_LEVELS, type LogLevel } from '../../monitor/log/logger.ts';
import type { CommandFile } from '../command.ts';
import { UsageError } from '../context.ts';
import { portOption } from '../options.ts';
import { retrainSettings, withRetrainOptions } from '../serve-retraining.ts';
import { SERVE_GRACE_MS, serveShops } from '../serve-shops.ts';

export const serveCommand: CommandFile = {
  usage: 'serve',
  summary: 'take events and answer predictions over HTTP; Ctrl-C or SIGTERM ends it and loses nothing',
  examples: [
    'foresell serve',
    'foresell serve --host 0.0.0.0 --port 8080 --trust-proxy',
    'foresell serve --workspace shops/cups --also shops/lamps shops/rugs',
    'foresell serve --retrain 03:30 --canary 10% --canary-for 1d',
  ],
  graceMs: SERVE_GRACE_MS,
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
    const followMs = spanOption('--follow', String(options.follow));
    const settleMs = spanOption('--settle', String(options.settle));
    const retrain = retrainSettings(options);
    const also = (options.also as string[] | undefined) ?? [];
    const workspaces = [
      openOrCreateWorkspace(context.workspaceDir),
      ...also.map((dir) => openWorkspace(dir)),
    ];
    await serveShops(context, workspaces, {
      ...{ host: String(options.host), port: Number(options.port), followMs, settleMs, retrain },
      logLevel: levelOption(String(options.log)),
      trustProxy: options.trustProxy === true,
      openMetrics: options.metrics === true,
      onListening({ url, shops }) {
        context.document({ url, shops, pid: process.pid });
        context.say(
          context.language === 'zh'
            ? `正在监听 ${url}；接口文档 ${url}/docs；Ctrl-C 停止`
            : `listening on ${url}; its pages: ${url}/docs; Ctrl-C stops it`,
        );
      },
    });
  },
};

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
