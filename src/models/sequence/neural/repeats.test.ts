// Items met before as candidates: where they stand, against counting by hand, and a shop that comes back to what it saw.
import { describe, expect, it } from 'vitest';
import { silent } from '../../../core/progress.ts';
import { random } from '../../../core/random.ts';
import { transformerWith } from '../transformer/transformer.ts';
import { writeRepeats } from './repeats.ts';

describe('items met before', () => {
  it('stand at their next place, and the one asked for at its last', () => {
    const into = { again: new Int32Array(8), back: new Int32Array(8).fill(-1) };
    writeRepeats(Int32Array.of(5, 7, 5, -1, 7, 5), 6, into, 1);
    // asked for after each: 7, 5, −1, 7, 5
    expect([...into.again]).toEqual([0, 2, 4, 6, 3, 6, 0, 0]);
    expect([...into.back]).toEqual([-1, -1, 0, -1, 1, 2, -1, -1]);
  });

  const draws = random(4);
  const ITEMS = 40;
  /** Nine of ten customers come back, at every second event, to the item two events ago, whatever it was. */
  const histories = Array.from({ length: 700 }, (_, h) => {
    const history = [draws.integer(ITEMS), draws.integer(ITEMS)];
    while (history.length < 8)
      history.push(
        history.length % 2 === 0 && h % 10 > 0 ? history[history.length - 2] : draws.integer(ITEMS),
      );
    return history;
  });
  const sequencesOf = (chosen: readonly (readonly number[])[]) => ({
    entities: chosen.map((_, h) => `e${h}`),
    offsets: Uint32Array.from({ length: chosen.length + 1 }, (_, h) => h * 8),
    items: Int32Array.from(chosen.flat()),
    itemIds: Array.from({ length: ITEMS }, (_, i) => `i${i}`),
  });

  it('are ranked first where a shop comes back to them, few as the examples are', async () => {
    const settings = { width: 16, blocks: 1, dropout: 0.2, epochs: 8, learningRate: 0.01, batch: 64 };
    const run = { seed: 1, threads: 1, progress: silent };
    const rate = async (repeats: boolean) => {
      const model = await transformerWith({ ...settings, repeats }).fit(
        sequencesOf(histories.slice(0, 500)),
        undefined,
        run,
      );
      const asked = histories.slice(500).filter((_, h) => h % 10 > 0);
      const before = {
        ...sequencesOf(asked),
        offsets: Uint32Array.from({ length: asked.length + 1 }, (_, h) => h * 6),
        items: Int32Array.from(asked.flatMap((history) => history.slice(0, 6))),
      };
      const scores = await model.score(before);
      const hits = asked.filter((history, h) => {
        const own = scores.subarray(h * ITEMS, (h + 1) * ITEMS);
        return own.indexOf(Math.max(...own)) === history[4];
      });
      return hits.length / asked.length;
    };
    const known = await rate(true);
    expect(known).toBeGreaterThan(0.8);
    expect(await rate(false)).toBeLessThan(known - 0.1);
  });
});
