// What a running server knows of itself and tells: figures, log lines, alerts, and the records of each of its shops.
import type { Workspace } from '../../data/workspace.ts';
import type { AlertRule } from '../../monitor/alerts/alert-rule.ts';
import type { WebhookParts } from '../../monitor/alerts/webhook.ts';
import { createLogger, type Logger, type LogLevel } from '../../monitor/log/logger.ts';
import { createSecrets } from '../../monitor/log/redact.ts';
import { createMetrics, type Metrics } from '../../monitor/metrics/metrics.ts';
import { type ProcessFigures, watchProcess } from '../../monitor/metrics/process-metrics.ts';
import { observeServer } from '../../monitor/server-observer.ts';
import { metricsRoute } from '../http/metrics-route.ts';
import type { Route } from '../http/route.ts';
import type { WebhookEndpoint } from '../http/webhook-routes.ts';
import type { ShopService } from '../open-service.ts';
import type { RefusedCall, ServeObserver } from '../ports.ts';
import { countRefusedCalls } from './refused-calls.ts';
import { readServeSettings } from './serve-settings.ts';
import { runAlerts, type ServerAlerts } from './server-alerts.ts';
import { showService } from './service-figures.ts';
import { isPassing, openServiceMonitor, type ServiceMonitor } from './service-monitor.ts';
import { type AlertReceiver, readWebhookFile } from './webhook-file.ts';

export interface ServerMonitorParts {
  /** Takes a line of the log with its end. */
  readonly write: (line: string) => void;
  readonly level: LogLevel;
  /** UTC ms. */
  readonly now: () => number;
  /** How notices are sent; over the network when absent. */
  readonly post?: WebhookParts['post'];
}

/** Work of the monitor that a server does again and again. */
export interface MonitorTask {
  readonly everyMs: number;
  run(): Promise<void>;
}

export interface ServerMonitor {
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly observer: ServeObserver;
  /** Signed endpoints of all shops. */
  readonly webhooks: readonly WebhookEndpoint[];
  readonly tasks: readonly MonitorTask[];
  /** Opens the records of a shop; the first shop's rules and audit log are those of the server. */
  openShop(workspace: Workspace, name: string, personId?: (id: string) => string): Promise<ServiceMonitor>;
  /** `GET /metrics`. @param isOpen to anybody who reaches the server */
  metricsRoute(isOpen: boolean): Route;
  /** Shops that answer from now on. */
  started(services: ReadonlyMap<string, ShopService>): void;
  /** After a shop's journal was brought into the lake. @param startMs when that began */
  settled(service: ShopService, startMs: number): Promise<void>;
  /** The end of answering; the shops' records are closed with their services. */
  stopped(): Promise<void>;
  /** Hears what could not be done beside the answering; the server goes on. */
  readonly trouble: (error: unknown) => void;
  close(): void;
}

const LOOK_MS = 15_000;
const FLUSH_MS = 60_000;
const TIDY_MS = 3_600_000;
const MEASURE_MS = 3_600_000;

export function openServerMonitor({ write, level, now, post }: ServerMonitorParts): ServerMonitor {
  const metrics = createMetrics();
  const secrets = createSecrets();
  const logger = createLogger({
    ...{ write, now, level, secrets },
    onLine: (own, isWritten) =>
      isWritten
        ? metrics.record('foresell.log.lines', 1, { 'foresell.level': own })
        : metrics.record('foresell.log.dropped', 1, { 'foresell.reason': 'too_often' }),
  });
  const shops = new Map<string, ServiceMonitor>();
  const webhooks: WebhookEndpoint[] = [];
  const receivers: AlertReceiver[] = [];
  let rules: readonly AlertRule[] = [];
  let running: ReadonlyMap<string, ShopService> = new Map();
  let alerts: ServerAlerts | undefined;
  const measuredMs = new Map<string, number>();
  const shown: (() => void)[] = [];
  const figures: ProcessFigures = watchProcess(metrics);
  /** The audit log of the shop a call was for; the first shop's where nobody knows. */
  const auditOf = (name?: string): ServiceMonitor | undefined =>
    shops.get(name ?? '') ?? shops.values().next().value;
  const refusals = new Map<string, ReturnType<typeof countRefusedCalls>>();
  const refused = (call: RefusedCall, workspace?: string): void => {
    const shop = auditOf(workspace);
    if (!shop) return;
    let own = refusals.get(shop.name);
    if (!own) {
      own = countRefusedCalls(shop.note);
      refusals.set(shop.name, own);
    }
    own.refused(call);
  };
  const each = async (work: (shop: ServiceMonitor) => Promise<void>): Promise<void> => {
    for (const shop of shops.values()) await work(shop);
  };
  const flush = async (): Promise<void> => {
    for (const own of refusals.values()) own.flush();
  };
  return {
    ...{ metrics, logger, webhooks },
    observer: { ...observeServer(metrics, logger), refused },
    tasks: [
      {
        everyMs: LOOK_MS,
        async run() {
          // Rules look at the age of the models that answer now.
          for (const show of shown) show();
          await alerts?.look();
        },
      },
      {
        everyMs: FLUSH_MS,
        async run() {
          await flush();
          for (const shop of shops.values()) shop.drift.look();
        },
      },
      {
        everyMs: TIDY_MS,
        async run() {
          await each((shop) => shop.tidy());
          for (const [name, { state }] of running) {
            const shop = shops.get(name);
            if (!shop) continue;
            const visitors = state.forgetVisitors(now() - shop.settings.visitors.keepMs);
            if (visitors > 0) shop.logger.info('visitors were forgotten', { visitors });
          }
        },
      },
    ],
    async openShop(workspace, name, personId) {
      const settings = readServeSettings(workspace.dir);
      const file = readWebhookFile(workspace.dir, name);
      for (const { secrets: own } of file.incoming) for (const secret of own) secrets.add(secret);
      for (const { url, secret } of file.alerts) {
        secrets.add(url);
        secrets.add(secret);
      }
      const shop = await openServiceMonitor({
        ...{ workspace, name, settings, metrics, logger, now },
        ...(personId && { personId }),
      });
      if (shops.size === 0) rules = settings.alerts;
      shops.set(name, shop);
      webhooks.push(...file.incoming);
      receivers.push(...file.alerts);
      return shop;
    },
    metricsRoute: (isOpen) =>
      metricsRoute(
        {
          contentType: metrics.contentType,
          text() {
            figures.read();
            return metrics.text();
          },
        },
        isOpen,
      ),
    started(services) {
      running = services;
      alerts = runAlerts({ rules, receivers, metrics, logger, now, ...(post && { post }) });
      for (const [name, service] of services) {
        const show = showService(metrics, name, service, now);
        show();
        shown.push(show);
        shops.get(name)?.note({
          action: 'server.start',
          actor: { kind: 'system', id: 'server' },
          details: { models: service.models.bundles.length },
        });
      }
      logger.info('the server answers', { shops: services.size });
    },
    async settled(service, startMs) {
      const { name } = service.shop.ports;
      const shop = shops.get(name);
      if (!shop || startMs - (measuredMs.get(name) ?? 0) < MEASURE_MS) return;
      measuredMs.set(name, startMs);
      try {
        await shop.measure(service.models.bundles, startMs);
      } catch (cause) {
        if (!isPassing(cause)) throw cause;
      }
    },
    async stopped() {
      await alerts?.stop();
      await flush();
      for (const shop of shops.values())
        shop.note({ action: 'server.stop', actor: { kind: 'system', id: 'server' } });
      logger.info('the server has stopped');
    },
    trouble(error) {
      if (isPassing(error)) logger.info('work beside the answering waits for another process', { error });
      else logger.error('work beside the answering failed', { error });
    },
    close: () => figures.stop(),
  };
}
