// Histories told in words: what is said of each event, and that a language model learns from it.
import { describe, expect, it } from 'vitest';
import { makeFrame } from '../../../core/frame.ts';
import { silent } from '../../../core/progress.ts';
import { random } from '../../../core/random.ts';
import { estimatorById, fitModel, loadModel } from '../../catalogue.ts';
import type { Sample } from '../../estimator.ts';
import { eventColumnsOf, type MadeUpEvent } from '../../made-up-events.ts';
import { verbalise } from './verbalise.ts';

const DAY_MS = 86_400_000;
const AS_OF = 100 * DAY_MS;

const event = (type: string, category: string, daysAgo: number, item = 'i1'): MadeUpEvent => ({
  ...{ type, item, category },
  timeMs: AS_OF - daysAgo * DAY_MS,
  priceMinor: 1999,
});

const frameOf = (histories: readonly (readonly MadeUpEvent[])[]) =>
  makeFrame(
    eventColumnsOf(
      histories,
      histories.map(() => AS_OF),
    ),
    { rows: histories.length },
  );

describe('a history in words', () => {
  it('is told newest event first, with what it was, of what, and how long ago', () => {
    const history = [event('view', 'shoes', 40, 'a7'), event('add_to_cart', 'hats', 3, 'b2')];
    const [text, none] = verbalise(frameOf([history, []]), { most: 10 });
    expect(text).toBe(
      'days ago add to cart hats item b2 middle price . a month ago view shoes item a7 middle price',
    );
    expect(none).toBe('nothing yet');
  });

  it('loses its oldest events where it is long', () => {
    const history = Array.from({ length: 30 }, (_, i) => event('view', `c${i}`, 30 - i));
    const [text] = verbalise(frameOf([history]), { most: 5 });
    expect(text.split(' . ')).toHaveLength(5);
    expect(text).toContain('c29');
    expect(text).not.toContain('c24 ');
  });
});

describe('verbalised', () => {
  it('learns what events in order foretell, and comes back as saved', async () => {
    const draws = random(5);
    const histories = Array.from({ length: 240 }, (): MadeUpEvent[] =>
      Array.from({ length: 3 + draws.integer(5) }, (_, i) =>
        event(
          draws.uniform() < 0.5 ? 'view' : 'add_to_cart',
          draws.uniform() < 0.5 ? 'shoes' : 'hats',
          9 - i,
        ),
      ),
    );
    // bought after the newest event was a cart
    const target = Float64Array.from(histories, (own) => Number(own.at(-1)?.type === 'add_to_cart'));
    const sample: Sample = {
      question: { kind: 'binary', outcome: 'buys', horizonDays: 7, discountPerYear: 0 },
      frame: frameOf(histories),
      entities: histories.map((_, i) => `u${i}`),
      asOf: new Float64Array(histories.length).fill(AS_OF),
      target,
    };
    const run = { seed: 1, threads: 1, progress: silent };
    const model = await fitModel(estimatorById('verbalised'), sample, undefined, run);
    const predicted = await model.predict(sample.frame);
    const right = predicted.filter((p, row) => p >= 0.5 === target[row] >= 0.5).length;
    expect(right / target.length).toBeGreaterThan(0.9);
    const again = loadModel(model.save());
    expect(await again.predict(sample.frame)).toEqual(predicted);
  }, 240_000);
});
