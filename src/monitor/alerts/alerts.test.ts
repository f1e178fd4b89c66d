// Rules as a shop writes them, alerts that begin and end when they should, and webhooks that arrive once.
import { describe, expect, it } from 'vitest';
import { createMetrics } from '../metrics/metrics.ts';
import { DEFAULT_RULES, parseRules } from './alert-rule.ts';
import { type AlertNotice, watchAlerts } from './alert-watch.ts';
import { deliverWebhook, isSigned, noticeBody, signWebhook, type WebhookParts } from './webhook.ts';

const MINUTE = 60_000;
const rule = (text: string) => parseRules(`- { name: r, severity: page, summary: s, ${text} }`);

describe('rules', () => {
  it('that come with the product can be read, each with both languages', () => {
    const rules = parseRules(DEFAULT_RULES);
    expect(rules.length).toBeGreaterThan(6);
    for (const { summary } of rules) {
      expect(summary.en).toMatch(/^[A-Z]/);
      expect(summary.zh).toMatch(/\p{Script=Han}/u);
    }
  });

  it.each([
    ['metric: no.such.metric, above: 1', /a metric of docs/],
    ['metric: foresell.drift.active', /a number for above, or one for below/],
    ['metric: foresell.drift.active, above: 1, below: 0', /a number for above/],
    ['metric: foresell.drift.active, take: p99, above: 1', /p99 of a histogram/],
    ['metric: foresell.drift.active, take: rate, above: 1', /rate of a counter/],
    ['metric: http.server.request.duration, above: 1', /rate, share or a percentile/],
    ['metric: foresell.drift.active, where: { user: x }, above: 1', /attributes of foresell.drift.active/],
    ['metric: foresell.drift.active, above: 1, per: day', /got "per"/],
    ['metric: foresell.drift.active, above: 1, for: soon', /span/],
  ])('%s is refused', (text, message) => expect(() => rule(text)).toThrow(message));

  it('are a list, each name once', () => {
    expect(() => parseRules('a: 1')).toThrow(/list/);
    const one = '- { name: r, severity: page, summary: s, metric: foresell.drift.active, above: 1 }\n';
    expect(() => parseRules(one + one)).toThrow(/"r" twice/);
  });
});

describe('an alert', () => {
  it('on a value begins after it has held long enough, is told once, again after hours, and ends', async () => {
    const metrics = createMetrics();
    const [own] = rule('metric: foresell.drift.active, above: 10, for: 2m');
    const watch = watchAlerts([own], metrics);
    const told: string[] = [];
    const at = async (minute: number, length: number) => {
      metrics.record('foresell.drift.active', length, { 'foresell.task': 'churn' });
      metrics.record('foresell.drift.active', 1, { 'foresell.task': 'other' });
      for (const notice of await watch.look(minute * MINUTE))
        told.push(`${minute} ${notice.state} ${notice.value}`);
    };
    await at(0, 50);
    await at(1, 5);
    for (const minute of [2, 3, 4, 5]) await at(minute, 20);
    expect(watch.firing).toEqual(['r']);
    expect(await metrics.text()).toContain(
      'foresell_alerts_firing{foresell_alert="r",foresell_severity="page"} 1',
    );
    await at(4 + 240, 30);
    await at(245, 3);
    expect(told).toEqual(['4 firing 20', '244 firing 30', '245 resolved 3']);
    expect(watch.firing).toEqual([]);
  });

  it('on a share, a rate or a percentile looks at its window alone', async () => {
    const metrics = createMetrics();
    const rules = parseRules(`
- { name: errors, severity: page, summary: s, metric: http.server.request.duration, where: { http.response.status_code: '404|5*' }, take: share, over: 5m, above: 0.1 }
- { name: slow, severity: page, summary: s, metric: http.server.request.duration, take: p95, over: 5m, above: 0.5 }
- { name: refused, severity: page, summary: s, metric: foresell.requests.refused, take: rate, over: 5m, above: 1 }
- { name: stopped, severity: page, summary: s, metric: foresell.journal.ready, below: 1 }
`);
    const watch = watchAlerts(rules, metrics);
    const answer = (status: number, seconds: number, times: number) => {
      for (let i = 0; i < times; i++) {
        metrics.record('http.server.request.duration', seconds, { 'http.response.status_code': status });
      }
    };
    // long ago everything failed, slowly
    answer(500, 3, 1000);
    expect(await watch.look(0)).toEqual([]);
    answer(200, 0.01, 100);
    metrics.record('foresell.requests.refused', 300, { 'foresell.reason': 'rate_limited' });
    metrics.record('foresell.journal.ready', 1, { 'foresell.workspace': 'a' });
    expect(await watch.look(5 * MINUTE)).toEqual([]);
    answer(503, 0.01, 20);
    answer(200, 0.8, 20);
    metrics.record('foresell.requests.refused', 600, { 'foresell.reason': 'rate_limited' });
    metrics.record('foresell.journal.ready', 0, { 'foresell.workspace': 'b' });
    const notices = await watch.look(10 * MINUTE);
    const seen = Object.fromEntries(notices.map(({ rule, value }) => [rule.name, value]));
    expect(seen.errors).toBeCloseTo(0.5, 9);
    // 20 of 40 in (.75, 1]: the 38th lies at 18/20 of it
    expect(seen.slow).toBeCloseTo(0.75 + 0.25 * 0.9, 9);
    expect(seen.refused).toBeCloseTo(2, 9);
    expect(seen.stopped).toBe(0);
    expect((await watch.look(16 * MINUTE)).map(({ rule, state }) => `${rule.name} ${state}`)).toEqual([
      'errors resolved',
      'slow resolved',
      'refused resolved',
    ]);
  });
});

describe('a webhook', () => {
  const SECRET = `whsec_${Buffer.from('0123456789abcdefghijklmnop').toString('base64')}`;
  const notice: AlertNotice = {
    rule: rule('metric: foresell.drift.active, above: 10')[0],
    state: 'firing',
    value: 12,
    sinceMs: 0,
    atMs: 1000,
  };

  /** Answers in turn; time passes by waiting. */
  function receiver(answers: readonly ({ status: number; retryAfterSeconds?: number } | 'broken')[]) {
    const got: {
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
      readonly atMs: number;
    }[] = [];
    let nowMs = 1_700_000_000_000;
    const waits: number[] = [];
    const parts: WebhookParts = {
      url: 'https://ops.example/hook',
      secret: SECRET,
      now: () => nowMs,
      chance: () => 0.5,
      newId: () => 'msg_1',
      wait: async (ms) => {
        waits.push(ms);
        nowMs += ms;
      },
      post: async (_, { headers, body }) => {
        got.push({ headers, body, atMs: nowMs });
        const answer = answers[got.length - 1] ?? { status: 503 };
        if (answer === 'broken') throw new Error('no route');
        return answer;
      },
    };
    return { parts, got, waits };
  }

  it('is signed as Standard Webhooks has it', () => {
    // by openssl: printf 'msg_1.1700000000.{}' | openssl dgst -sha256 -hmac 0123456789abcdefghijklmnop -binary | base64
    const headers = signWebhook(SECRET, { id: 'msg_1', atMs: 1_700_000_000_999, body: '{}' });
    expect(headers).toEqual({
      'webhook-id': 'msg_1',
      'webhook-timestamp': '1700000000',
      'webhook-signature': 'v1,JchFIKIhitCaxx5vv0lT8gis+3fknYR9NTnWJ52HmL4=',
    });
    expect(isSigned(SECRET, headers, '{}', 1_700_000_100_000)).toBe(true);
    expect(isSigned(SECRET, headers, '{ }', 1_700_000_100_000)).toBe(false);
    expect(isSigned(SECRET, headers, '{}', 1_700_000_301_000)).toBe(false);
    expect(() => signWebhook('short', { id: 'a', atMs: 0, body: '' })).toThrow(/whsec_/);
  });

  it('comes again, later each time, under one id, until it is taken', async () => {
    const { parts, got, waits } = receiver([
      'broken',
      { status: 500 },
      { status: 429, retryAfterSeconds: 40 },
      { status: 204 },
    ]);
    expect(await deliverWebhook(parts, noticeBody(notice))).toBe(true);
    expect(waits).toEqual([750, 3000, 40_000]);
    expect(new Set(got.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    for (const { headers, body, atMs } of got) {
      expect(isSigned(SECRET, headers as never, body, atMs)).toBe(true);
    }
    expect(JSON.parse(got[0].body)).toMatchObject({
      type: 'alert.firing',
      data: { alert: 'r', value: 12, above: 10, severity: 'page' },
    });
  });

  it('is given up after eight attempts, and at once where it is not wanted', async () => {
    const busy = receiver([]);
    expect(await deliverWebhook(busy.parts, '{}')).toBe(false);
    expect(busy.got).toHaveLength(8);
    const gone = receiver([{ status: 410 }]);
    expect(await deliverWebhook(gone.parts, '{}')).toBe(false);
    expect(gone.got).toHaveLength(1);
  });
});
