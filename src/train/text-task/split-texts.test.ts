// Which texts are learned from and which are tested on.
import { describe, expect, it } from 'vitest';
import { DAY_MS } from '../../core/time.ts';
import type { TextEvents } from '../../data/texts/text-events.ts';
import { splitOpen, splitRated } from './split-texts.ts';

interface Said {
  readonly day: number;
  readonly text?: string;
  readonly item?: string;
  readonly who?: string;
  readonly rating?: number;
}

const eventsOf = (said: readonly Said[]): TextEvents => ({
  ids: said.map((_, i) => `e${i}`),
  types: said.map(() => 'review'),
  people: said.map(({ who = 'u' }) => who),
  items: said.map(({ item = '' }) => item),
  texts: said.map(({ text }, i) => text ?? `text ${i}`),
  timesMs: Float64Array.from(said, ({ day }) => day * DAY_MS),
  ratings: Float64Array.from(said, ({ rating = 5 }) => rating),
  boughtMs: new Float64Array(said.length).fill(Number.POSITIVE_INFINITY),
});
const daily = (days: number): Said[] => Array.from({ length: days }, (_, day) => ({ day: day + 1 }));

describe('texts with a rating', () => {
  it('leave the last fifth to the test where nobody says', () => {
    const { train, test, by, seenUntilMs } = splitRated(eventsOf(daily(20)), { seed: 1 });
    expect([by, train.length, seenUntilMs / DAY_MS]).toEqual(['time', 16, 16]);
    expect([...test]).toEqual([16, 17, 18, 19]);
  });

  it('are learned from up to a moment and including it', () => {
    const { train, test } = splitRated(eventsOf(daily(20)), { asOf: 5 * DAY_MS, seed: 1 });
    expect([train.length, test.length]).toEqual([5, 15]);
  });

  it('without a rating stand on neither side', () => {
    const { train, test } = splitRated(eventsOf([...daily(20), { day: 21, rating: Number.NaN }]), {
      seed: 1,
    });
    expect([...train, ...test]).not.toContain(20);
  });

  it('are not tested where the same text, in any case, width or spacing, was learned from', () => {
    const said = daily(20).map((own, i) => ({ ...own, text: i === 19 ? ' TEXT  ３ ' : `text ${i}` }));
    const { test, words } = splitRated(eventsOf(said), { seed: 1 });
    expect([...test]).toEqual([16, 17, 18]);
    expect(words.en).toContain('word for word among those learned from: 1');
    expect(words.zh).toContain('1 条');
  });

  it('of a few days alone are parted by item, no item on both sides', () => {
    const said = Array.from({ length: 200 }, (_, i) => ({ day: 1 + (i % 3) / 10, item: `i${i % 40}` }));
    const { train, test, by } = splitRated(eventsOf(said), { seed: 1 });
    const items = (places: Uint32Array) => new Set(Array.from(places, (place) => said[place].item));
    expect(by).toBe('item');
    expect(train.length + test.length).toBe(200);
    expect([...items(test)].filter((item) => items(train).has(item))).toEqual([]);
    expect(items(test).size).toBeGreaterThan(2);
    expect(items(test).size).toBeLessThan(16);
  });
});

describe('texts that a purchase may follow', () => {
  const options = { asOf: 10 * DAY_MS, horizonMs: 2 * DAY_MS, lastMs: 20 * DAY_MS };

  it('are learned from where their horizon ends by the moment, and tested after it where the log covers it', () => {
    const { train, test } = splitOpen(eventsOf(daily(20)), options);
    // Days 1 … 8 end by day 10; days 11 … 18 end by day 20; 9 and 10 are open at the moment, 19 and 20 at the end.
    expect([...train].map((place) => place + 1)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect([...test].map((place) => place + 1)).toEqual([11, 12, 13, 14, 15, 16, 17, 18]);
  });

  it('of nobody in particular are left out: nothing can be known of them', () => {
    const said = daily(20).map((own) => (own.day === 3 || own.day === 12 ? { ...own, who: '' } : own));
    const { train, test } = splitOpen(eventsOf(said), options);
    expect([train.length, test.length]).toEqual([7, 7]);
  });

  it('end in nothing to learn from where there is nothing', () => {
    expect(splitOpen(eventsOf([]), { horizonMs: DAY_MS, lastMs: Number.NaN })).toMatchObject({ by: 'time' });
  });
});
