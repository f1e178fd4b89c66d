// The short list is the head of the long one: whatever is offered, barred or favoured.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { silent } from '../../../../core/progress.ts';
import { random } from '../../../../core/random.ts';
import { takeSequences } from '../../../../core/sequences.ts';
import { topPlaces } from '../../../../core/top-places.ts';
import { madeUpSequences } from '../../made-up-sequences.ts';
import { transformerWith } from '../../transformer/transformer.ts';
import { openShortlist } from './shortlist.ts';

/** Every item multiplied as it is. */
function wholeList(
  vectors: Float32Array,
  state: Float32Array,
  offset: Float32Array,
  {
    most,
    offered,
    barred,
    bonus,
  }: { most: number; offered?: Uint8Array; barred: number[]; bonus: Map<number, number> },
) {
  const width = state.length;
  const scores = Float32Array.from(offset, (own, item) => {
    let sum = 0;
    for (let j = 0; j < width; j++) sum += state[j] * vectors[item * width + j];
    return sum + own + (bonus.get(item) ?? 0);
  });
  for (const item of barred) scores[item] = Number.NEGATIVE_INFINITY;
  const items = topPlaces(scores, most, offered);
  return { items, scores: Float32Array.from(items, (item) => scores[item]) };
}

const scales = [0, 1e-6, 1, 30];

test('it holds the items the whole list begins with, in their order', () => {
  fc.assert(
    fc.property(
      fc.record({
        seed: fc.nat(),
        items: fc.integer({ min: 1, max: 700 }),
        width: fc.integer({ min: 1, max: 70 }),
        most: fc.integer({ min: 1, max: 40 }),
        scale: fc.constantFrom(...scales),
        // Few levels make many equal scores.
        levels: fc.constantFrom(2, 5, 1e9),
        masked: fc.boolean(),
      }),
      ({ seed, items, width, most, scale, levels, masked }) => {
        const draw = random(seed);
        const number = () => Math.round((draw.uniform() * 2 - 1) * levels) / levels;
        const vectors = Float32Array.from(
          { length: items * width },
          () => number() * (draw.uniform() < 0.1 ? 20 : 1),
        );
        const offset = Float32Array.from({ length: items }, () => (levels > 5 ? number() : 0));
        const list = openShortlist(vectors, width, offset);
        for (let round = 0; round < 3; round++) {
          const state = Float32Array.from({ length: width }, () => number() * scale);
          const some = () => Array.from({ length: draw.integer(8) }, () => draw.integer(items));
          const offered = masked ? Uint8Array.from({ length: items }, () => draw.integer(2)) : undefined;
          const barred = some();
          const bonus = new Map(some().map((item) => [item, number() * 3]));
          const asked = { most, barred, ...(offered && { offered }) };
          const got = list.best(state, asked, bonus);
          const whole = wholeList(vectors, state, offset, { ...asked, bonus });
          expect([...got.items]).toEqual([...whole.items]);
          got.scores.forEach((score, place) => {
            expect(Math.abs(score - whole.scores[place])).toBeLessThanOrEqual(1e-5 * (1 + Math.abs(score)));
          });
        }
      },
    ),
    { numRuns: 200, seed: 7 },
  );
});

test('a transformer’s best few are those of all its scores, for histories that come back to items', async () => {
  const ITEMS = 300;
  const train = madeUpSequences({ sessions: 200, items: ITEMS, seed: 5, signal: true });
  const settings = { width: 24, blocks: 1, epochs: 3, batch: 64, length: 10 };
  const run = { seed: 3, threads: 1, progress: silent };
  const model = await transformerWith(settings).fit(train, undefined, run);
  try {
    for (let row = 0; row < 20; row++) {
      const before = takeSequences(train, Int32Array.of(row));
      const scores = await model.score(before);
      const barred = before.items.subarray(0, 1);
      const offered = Uint8Array.from({ length: ITEMS }, (_, item) => Number(item % 3 !== row % 3));
      const best = await model.best?.(before, { most: 12, barred, offered });
      for (const item of barred) scores[item] = Number.NEGATIVE_INFINITY;
      expect([...(best?.items ?? [])]).toEqual([...topPlaces(scores, 12, offered)]);
    }
  } finally {
    await model.close?.();
  }
});
