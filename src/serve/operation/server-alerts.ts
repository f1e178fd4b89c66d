// Alerts of a running server: rules looked at a few times a minute, notices sent to whoever is to know.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { AlertRule } from '../../monitor/alerts/alert-rule.ts';
import { type AlertNotice, watchAlerts } from '../../monitor/alerts/alert-watch.ts';
import { deliverWebhook, noticeBody, type WebhookParts } from '../../monitor/alerts/webhook.ts';
import type { Logger } from '../../monitor/log/logger.ts';
import type { Metrics } from '../../monitor/metrics/metrics.ts';
import type { AlertReceiver } from './webhook-file.ts';

export interface ServerAlerts {
  /** Looks at the figures now; notices are sent meanwhile. */
  look(): Promise<void>;
  /** Gives up what has not been delivered. */
  stop(): Promise<void>;
}

export interface ServerAlertsParts {
  readonly rules: readonly AlertRule[];
  readonly receivers: readonly AlertReceiver[];
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly now: () => number;
  readonly post?: WebhookParts['post'];
}

/** A receiver that does not answer must not hold on to memory. */
const MOST_UNDER_WAY = 100;
const ANSWER_MS = 10_000;

export function runAlerts(parts: ServerAlertsParts): ServerAlerts {
  const { rules, receivers, metrics, logger, now, post = postNotice } = parts;
  const watch = watchAlerts(rules, metrics);
  const stopping = new AbortController();
  const underWay = new Set<Promise<void>>();

  const send = async (receiver: AlertReceiver, notice: AlertNotice): Promise<void> => {
    const { url, secret } = receiver;
    const isDelivered = await deliverWebhook(
      {
        ...{ url, secret, now, post, newId: randomUUID, chance: Math.random },
        wait: (ms, signal) => delay(ms, undefined, { ref: false, ...(signal && { signal }) }),
      },
      noticeBody(notice),
      stopping.signal,
    ).catch(() => false);
    const outcome = isDelivered ? 'delivered' : 'failed';
    metrics.record('foresell.webhook.deliveries', 1, { 'foresell.outcome': outcome });
    if (!isDelivered && !stopping.signal.aborted)
      logger.warn('a notice could not be delivered to its webhook', { alert: notice.rule.name });
  };
  const tell = (notice: AlertNotice): void => {
    const { rule, state, value } = notice;
    const fields = {
      alert: rule.name,
      severity: rule.severity,
      metric: rule.metric,
      ...(value !== undefined && { value }),
    };
    if (state === 'firing') logger.warn('an alert fires', fields);
    else logger.info('an alert has ended', fields);
    for (const receiver of receivers) {
      if (!receiver.severities.includes(rule.severity)) continue;
      if (underWay.size >= MOST_UNDER_WAY) {
        metrics.record('foresell.webhook.deliveries', 1, { 'foresell.outcome': 'dropped' });
        continue;
      }
      const sending = send(receiver, notice).finally(() => underWay.delete(sending));
      underWay.add(sending);
    }
  };
  return {
    async look() {
      for (const notice of await watch.look(now())) tell(notice);
    },
    async stop() {
      stopping.abort();
      await Promise.allSettled(underWay);
    },
  };
}

const postNotice: WebhookParts['post'] = async (url, { headers, body }) => {
  const reply = await fetch(url, {
    ...{ method: 'POST', headers, body, redirect: 'manual' },
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  await reply.body?.cancel();
  const after = Number(reply.headers.get('retry-after'));
  return { status: reply.status, ...(after > 0 && { retryAfterSeconds: after }) };
};
