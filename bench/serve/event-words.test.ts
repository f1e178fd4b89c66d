// The words of the serving benchmark about events run, small: what they measure means nothing here, that they measure does.
import { expect, test } from 'vitest';
import { bench } from '../serve.bench.ts';

const run = (...args: readonly string[]) => bench({ seed: 1, threads: 1, args, log: () => {} });

test('ingest counts what was answered at its rate', async () => {
  const { figures } = await run(
    'ingest',
    'seconds=0.5',
    'warm=0',
    'turns=1',
    'bare=100',
    'single=100',
    'batched=10',
  );
  expect(figures).toMatchObject({
    ingest: {
      single: { turns: [{ statuses: { 200: 50 }, broken: 0 }] },
      batched: { turns: [{ statuses: { 200: 5 } }] },
    },
  });
});

test('overload knows a peak, and accounts for every request', async () => {
  const { targets } = await run('overload', 'kinds=batches', 'seconds=1', 'warm=0', 'step=0.5', 'after=1');
  const lost = targets.find(({ name }) => /neither answered nor refused/.test(name));
  expect(targets).toHaveLength(8);
  expect(lost?.got).not.toBeNaN();
});

test('hostile clients are turned away, and others are all answered', async () => {
  const { targets, figures } = await run('hostile', 'seconds=0.7', 'warm=0', 'slow=10', 'idle=50', 'bomb=32');
  const unanswered = targets.filter(({ name }) => /without their 200/.test(name));
  expect(unanswered.map(({ got }) => got)).toEqual([0, 0, 0, 0, 0]);
  const { 'gzip bombs': bombs, 'idle connections': idle } = figures.hostile as Record<string, object>;
  expect(Object.keys((bombs as { statuses: object }).statuses)).toEqual(expect.arrayContaining(['413']));
  expect(idle).toMatchObject({ connections: 50, stillOpen: 50 });
});
