import { expect, test } from 'vitest';
import { createShadowQueue } from './shadow-queue.ts';

/** A clock that stands still but for what pieces of work and long turns take. */
function timed(turnMs = 0) {
  const time = { ms: 0, turnMs, waited: [] as number[] };
  const wait = async (ms: number): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    time.ms += ms === 0 ? time.turnMs : ms;
    if (ms > 0) time.waited.push(ms);
  };
  return { time, clock: () => time.ms, wait };
}

test('work is done one piece at a time, in order, with rests thrice as long', async () => {
  const { time, ...parts } = timed();
  const queue = createShadowQueue(parts);
  const said: number[] = [];
  let underWay = 0;
  for (const n of [1, 2, 3])
    queue.offer(async () => {
      expect(++underWay).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      time.ms += 10;
      said.push(n);
      underWay--;
    });
  expect(said).toEqual([]);
  await expect.poll(() => queue.done).toBe(3);
  expect(said).toEqual([1, 2, 3]);
  expect(time.waited.slice(0, 2)).toEqual([30, 30]);
});

test('what there is no room for is dropped, and so is all that waits while the process is behind', async () => {
  const { time, ...parts } = timed();
  const queue = createShadowQueue({ ...parts, most: 4 });
  let told = 0;
  for (let n = 0; n < 10; n++)
    queue.offer(
      async () => {},
      () => told++,
    );
  expect(queue.waiting).toBe(4);
  expect(queue.dropped).toBe(6);
  expect(told).toBe(6);
  time.turnMs = 50;
  await expect.poll(() => queue.waiting).toBe(0);
  await expect.poll(() => queue.done + queue.dropped).toBe(10);
  expect(queue.done).toBe(0);
  expect(told).toBe(10);
  time.turnMs = 0;
  queue.offer(async () => {});
  await expect.poll(() => queue.done).toBe(1);
});

test('closed, it takes nothing more and waits for what is under way', async () => {
  const queue = createShadowQueue();
  let release = () => {};
  let isDone = false;
  queue.offer(async () => {
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    isDone = true;
  });
  queue.offer(async () => {});
  await expect.poll(() => queue.waiting).toBe(1);
  const closed = queue.close();
  queue.offer(async () => {});
  release();
  await closed;
  expect(isDone).toBe(true);
  expect(queue.dropped).toBe(2);
});
