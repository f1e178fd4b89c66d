// The words of the serving benchmark about questions run on a small shop: that they measure, not what.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { bench } from '../serve.bench.ts';

const folder = mkdtempSync(join(tmpdir(), 'foresell-question-words-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: readonly string[]) =>
  bench({
    ...{ seed: 1, threads: 1, log: () => {} },
    args: [...args, `shop=${join(folder, 'shop')}`, 'users=150', 'items=300', 'seconds=0.5', 'warm=0'],
  });

test('predictions and lists are answered, an event changes the next list, and models are exchanged', async () => {
  const { figures } = await run(
    'predict',
    'recommend',
    'fresh',
    'reloads',
    'predictions=20',
    'lists=20',
    'rounds=2',
    'reloads=2',
  );
  expect(figures).toMatchObject({
    predict: { statuses: { 200: 10 } },
    recommend: { statuses: { 200: 10 } },
    fresh: { rounds: 2 },
    reloads: { mixed: 0 },
  });
  expect((figures.reloads as { changes: number }).changes).toBeGreaterThan(0);
});

test('a server is overloaded with questions of each kind, and asked for its health meanwhile', async () => {
  const { targets, figures } = await run(
    ...['overload', 'kinds=predictions,lists', 'step=0.2', 'steps=2', 'after=0.5'],
  );
  for (const kind of ['predictions', 'lists']) {
    const names = targets.map(({ name }) => name).filter((name) => name.startsWith(`${kind}: `));
    expect(names).toHaveLength(8);
    const { healthy, under } = (figures.overload as Record<string, object>)[kind] as {
      healthy: { asked: number; failed: number };
      under: { statuses: Record<string, number> };
    };
    expect(healthy.asked).toBeGreaterThan(0);
    expect(healthy.failed).toBe(0);
    expect(Object.keys(under.statuses).filter((status) => !['200', '503'].includes(status))).toEqual([]);
  }
  await expect(run('overload', 'kinds=tea')).rejects.toThrow('predictions, lists, batches, got tea');
});

test('a soak looks at the heap again and again', async () => {
  const { figures } = await run('soak', 'minutes=0.06', 'rate=100');
  const { samples, good, sent, statuses, unanswered } = figures.soak as {
    samples: readonly { heapMB: number }[];
    good: { count: number };
    sent: number;
    statuses: Readonly<Record<string, number>>;
    unanswered: number;
  };
  expect(sent).toBe(360);
  // A busy machine refuses some or is late with them: none is lost, and none is answered otherwise.
  const answered = Object.values(statuses).reduce((sum, count) => sum + count, 0);
  expect(answered + unanswered).toBe(sent);
  expect(Object.keys(statuses).filter((status) => !['200', '503'].includes(status))).toEqual([]);
  expect(good.count).toBeGreaterThan(sent / 4);
  expect(samples.length).toBeGreaterThan(3);
  for (const { heapMB } of samples) expect(heapMB).toBeGreaterThan(1);
});
