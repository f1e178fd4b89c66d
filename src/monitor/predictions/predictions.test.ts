// Answers are kept, meet the outcome a brute-force count gives, and are judged as the truth behind them deserves.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import { DAY_MS } from '../../core/time.ts';
import { type SampleShop, sampleShop } from '../../data/import/sample-shop.ts';
import { nodeJournalDisk } from '../../data/journal/journal-disk.ts';
import { simulatedDisk } from '../../data/journal/simulated-disk.ts';
import { willBuy, willLeave, willSpend } from '../../data/labels.ts';
import { withLake } from '../../data/lake/open.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { readDue } from './due-predictions.ts';
import { liveQuality, showQuality, wilson } from './live-quality.ts';
import { outcomesOf } from './outcomes.ts';
import { openPredictionLog } from './prediction-log.ts';
import type { PredictionRecord } from './prediction-record.ts';

const START = Date.UTC(2024, 0, 1);
const shops: SampleShop[] = [];
const folders: string[] = [];
afterEach(() => {
  for (const made of shops.splice(0)) made.remove();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const record = (more: Partial<PredictionRecord>): PredictionRecord => ({
  prediction_id: 'p',
  task: 'purchase',
  model_version: 'v1',
  arm: 'active',
  value: 0.5,
  unit: 'probability',
  horizon_days: 10,
  as_of: START,
  user_id: 'u0',
  ...more,
});

describe('the log', () => {
  it('gives back what can be judged: one answer a person and day, horizons passed', async () => {
    const disk = simulatedDisk({ random: random(1) });
    let now = START;
    const log = await openPredictionLog({ disk, now: () => now });
    log.add([record({ user_id: 'a' }), record({ user_id: 'a', as_of: START + 1000, value: 0.9 })]);
    log.add([record({ user_id: 'b', task: 'churn' }), record({ user_id: 'c', horizon_days: 90 })]);
    now += 2 * DAY_MS;
    log.add([
      record({ user_id: 'a', as_of: now }),
      record({ user_id: 'a', as_of: now, model_version: 'v2' }),
    ]);
    await log.close();
    const due = await readDue(disk, {
      task: 'purchase',
      afterMs: START - 1,
      knownUntilMs: START + 12 * DAY_MS,
    });
    expect(
      due.map(({ user_id, value, as_of, model_version }) => [user_id, value, as_of, model_version]),
    ).toEqual([
      ['a', 0.5, START, 'v1'],
      ['a', 0.5, now, 'v1'],
      ['a', 0.5, now, 'v2'],
    ]);
    // a second before its horizon ends, an answer cannot be judged
    const early = { task: 'purchase', afterMs: START, knownUntilMs: START + 10 * DAY_MS };
    expect(await readDue(disk, early)).toEqual([]);
  });

  it('keeps a share of persons whole', async () => {
    const disk = simulatedDisk({ random: random(1) });
    const log = await openPredictionLog({ disk, now: () => START, share: 0.25 });
    for (let i = 0; i < 2000; i++) {
      log.add([record({ user_id: `u${i}` }), record({ user_id: `u${i}`, as_of: START + DAY_MS })]);
    }
    await log.close();
    const due = await readDue(disk, { task: 'purchase', afterMs: 0, knownUntilMs: START + 99 * DAY_MS });
    const users = new Set(due.map(({ user_id }) => user_id));
    expect(due.length).toBe(2 * users.size);
    expect(Math.abs(users.size - 500)).toBeLessThan(80);
    const all = { task: 'purchase', afterMs: 0, knownUntilMs: START + 99 * DAY_MS };
    const some = await readDue(disk, { ...all, most: 200 });
    expect(some).toHaveLength(200);
    expect(await readDue(disk, { ...all, most: 200 })).toEqual(some);
  });

  it('forgets a person in every file while it goes on, and drops old days', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'foresell-predictions-'));
    folders.push(folder);
    let now = START;
    const log = await openPredictionLog({ disk: nodeJournalDisk(folder), now: () => now });
    for (let day = 0; day < 3; day++) {
      log.add([record({ user_id: '17', as_of: now }), record({ user_id: '18', as_of: now })]);
      now += DAY_MS;
    }
    const text = () =>
      readdirSync(folder)
        .map((name) => readFileSync(join(folder, name), 'utf8'))
        .join('');
    const forgotten = log.forget(new Set(['17']));
    log.add([record({ user_id: '19', as_of: now })]);
    expect(await forgotten).toBe(3);
    expect(text()).not.toContain('"17"');
    expect(await log.expire(START + 2 * DAY_MS)).toBe(2);
    await log.close();
    expect(text().match(/"user_id":"\d+"/g)).toEqual(['"user_id":"18"', '"user_id":"19"']);
    expect(log.dropped).toBe(0);
  });

  it('gives an answer up rather than wait for a full disk', async () => {
    let full = false;
    const disk = simulatedDisk({ random: random(1), fault: () => (full ? 'ENOSPC' : undefined) });
    let told = 0;
    const log = await openPredictionLog({
      disk,
      now: () => START,
      onDrop: (count) => {
        told += count;
      },
    });
    full = true;
    log.add([record({ user_id: 'a' }), record({ user_id: 'b' })]);
    await log.close();
    expect([log.dropped, told]).toEqual([2, 2]);
  });
});

describe('the outcome', () => {
  it.each([
    ['buys', willBuy],
    ['leaves', willLeave],
    ['spends', willSpend()],
    ['spends, discounted', willSpend(0.1)],
  ])('%s is what a count by hand finds', async (_, label) => {
    const shop = sampleShop();
    shops.push(shop);
    const chance = random(9);
    const events = Array.from({ length: 300 }, (_, n) => ({
      id: `e${n}`,
      user: `u'${chance.integer(12)}`,
      type: ['view', 'purchase', 'refund'][chance.integer(3)],
      item: `i${chance.integer(3)}`,
      price: 1 + chance.integer(50),
      at: START + Math.floor(chance.uniform() * 40) * DAY_MS,
    }));
    const csv = events
      .map(({ id, user, type, item, price, at }) =>
        [id, user, type, item, price, new Date(at).toISOString()].join(','),
      )
      .join('\n');
    await shop.import(
      shop.write('e.csv', `id,who,type,what,price,when\n${csv}\n`),
      'columns: { event_id: id, type: type, timestamp: when, user_id: who, item_id: what, price: price, currency: { constant: EUR } }\n',
    );
    const records = Array.from({ length: 60 }, () =>
      record({
        user_id: `u'${chance.integer(14)}`,
        ...(chance.uniform() < 0.3 && { item_id: `i${chance.integer(3)}` }),
        as_of: START + Math.floor(chance.uniform() * 30) * DAY_MS,
        horizon_days: [1, 7, 10][chance.integer(3)],
      }),
    );
    const actual = await withLake(shop.workspace, { threads: 1 }, (engine, source) =>
      outcomesOf(engine, source, { label, records }),
    );
    const byHand = records.map(({ user_id, item_id, as_of, horizon_days }) => {
      const own = events.filter(
        ({ user, item, at }) =>
          user === user_id &&
          (item_id === undefined || item === item_id) &&
          at > as_of &&
          at <= as_of + horizon_days * DAY_MS,
      );
      const buys = own.some(({ type }) => type === 'purchase');
      if (label.kind === 'exists') return buys ? 1 : 0;
      if (label.kind === 'not_exists') return buys ? 0 : 1;
      const sign = { purchase: 1, refund: -1, view: 0 };
      return own.reduce((sum, { type, price, at }) => {
        const worth = 100 * price * (1 + (label.discountPerYear ?? 0)) ** (-(at - as_of) / (365 * DAY_MS));
        return sum + sign[type as keyof typeof sign] * Math.round(worth);
      }, 0);
    });
    expect([...actual]).toEqual(byHand);
    expect(new Set(byHand).size).toBeGreaterThan(1);
  });
});

describe('live quality', () => {
  const chance = random(5);
  const judged = (users: number, tell: (truth: number) => number) => {
    const truths = Float64Array.from({ length: users }, () => chance.beta(2, 3));
    const records = Array.from(truths, (truth, i) =>
      record({ user_id: `u${i}`, value: Math.min(1, Math.max(0, tell(truth))) }),
    );
    const actual = truths.map((truth) => (chance.uniform() < truth ? 1 : 0));
    return liveQuality(records, actual, { kind: 'binary', seed: 1, perUnit: 1 })[0];
  };

  it('of true probabilities has no bias and lies on the diagonal', () => {
    const { scores, calibration, users } = judged(4000, (truth) => truth);
    expect(users).toBe(4000);
    expect(scores.bias?.low).toBeLessThan(0);
    expect(scores.bias?.high).toBeGreaterThan(0);
    expect(scores.roc_auc?.low).toBeGreaterThan(0.65);
    const outside = calibration.filter(
      ({ predicted, observed }) => predicted < observed.low || predicted > observed.high,
    );
    expect(calibration).toHaveLength(10);
    expect(outside.length).toBeLessThanOrEqual(2);
  });

  it('of answers that are half too high shows that bias, and the same AUC', () => {
    const { scores } = judged(4000, (truth) => truth * 1.5);
    expect(scores.bias?.low).toBeGreaterThan(0.3);
    expect(scores.roc_auc?.low).toBeGreaterThan(0.6);
    expect(scores.ece?.value).toBeGreaterThan(0.1);
  });

  it('is not given for a handful of customers, and is shown among the figures', async () => {
    const few = Array.from({ length: 20 }, (_, i) => record({ user_id: `u${i}` }));
    expect(liveQuality(few, new Float64Array(20), { kind: 'binary', seed: 1, perUnit: 1 })).toEqual([]);
    const metrics = createMetrics();
    showQuality(metrics, 'shop', [judged(500, (truth) => truth)]);
    const text = await metrics.text();
    expect(text).toMatch(/foresell_quality_value\{[^}]*foresell_metric="roc_auc"\} 0\.\d+/);
    expect(text).toMatch(/foresell_quality_examples\{[^}]*\} 500/);
  });

  it('of amounts is in their unit, with the share inside the intervals', () => {
    const spend = Float64Array.from({ length: 400 }, () => Math.round(100 * chance.gamma(2, 0.1)));
    const records = Array.from(spend, (_, i) =>
      record({ user_id: `u${i}`, value: 20, low: 0, high: 1000, unit: 'EUR' }),
    );
    const [{ scores, calibration }] = liveQuality(records, spend, { kind: 'amount', seed: 1, perUnit: 100 });
    expect(scores.coverage?.value).toBe(1);
    expect(scores.bias?.low).toBeLessThan(0.1);
    expect(calibration[0].observed.value).toBeCloseTo(spend.reduce((sum, own) => sum + own, 0) / 40_000, 9);
  });

  it('Wilson’s interval is the published one', () => {
    // source: R, prop.test(8, 10, correct = FALSE)$conf.int
    const { low, high } = wilson(0.8, 10);
    expect(low).toBeCloseTo(0.4901625, 6);
    expect(high).toBeCloseTo(0.9433178, 6);
  });
});
