// Because of these events: the strongest first, with what was done, when, and what it does to the answer, in both languages.
import { describe, expect, it } from 'vitest';
import { EVENT_DAYS } from '../core/event-sequences.ts';
import { makeFrame } from '../core/frame.ts';
import { name } from '../core/name.ts';
import { DAY_MS } from '../core/time.ts';
import type { EventAttribution } from '../models/event-attribution.ts';
import { eventColumnsOf } from '../models/made-up-events.ts';
import { agoWords, deedWords } from './event-phrases.ts';
import { eventReasons } from './event-reasons.ts';

const NOW = Date.UTC(2026, 4, 10, 12);
const deed = (type: string, item: string, daysAgo: number) => ({
  ...{ type, item, category: 'tea', priceMinor: 100 },
  timeMs: NOW - daysAgo * DAY_MS,
});
const done = [deed('view', 'X', 7), deed('refund', 'Y', 5), deed('view', 'Z', 0.25), deed('wave', 'Z', 0.01)];
const frame = makeFrame([
  ...eventColumnsOf([done], [NOW]),
  {
    ...{ kind: 'sequence', name: EVENT_DAYS, label: name('', ''), unit: 'none', group: 'events' },
    // Midnight was twelve hours ago; the seventh day before ended 6.5 days ago.
    ...{ levels: ['below', ...[0, 1, 2, 3, 4, 5, 6].map((days) => String((days + 0.5) * DAY_MS))] },
    ...{ codes: Int32Array.of(7, 5, 0, 0), offsets: Uint32Array.of(0, 4) },
  },
]);
const attribution: EventAttribution = {
  offsets: Uint32Array.of(0, 4),
  events: Float64Array.of(1.5, -0.5, 0.001, 1),
  attention: Float64Array.of(0.5, 0.2, 0.1, 0.1),
  asking: Float64Array.of(0.25),
  features: ['f'],
  values: Float64Array.of(-0.25),
  base: Float64Array.of(-2),
  margins: Float64Array.of(0.001),
  unexplained: Float64Array.of(0),
};
const shown = { unit: 'probability', currency: '', outcome: 'buys' } as const;

describe('because of these events', () => {
  const [told] = eventReasons(attribution, { frame, link: 'logit', shown, asOf: NOW });

  it('names the strongest, either way, and leaves out what is noise', () => {
    expect(told.reasons.map(({ item, newer }) => [item, newer])).toEqual([
      ['X', 3],
      ['Z', 0],
      ['Y', 2],
    ]);
    expect(told.reasons.map(({ good }) => good)).toEqual([true, true, false]);
    expect(told.reasons[0]).toMatchObject({ contribution: 1.5, attention: 0.5, type: 'view' });
  });

  it('reads as a sentence in both languages', () => {
    expect(told.words?.en).toMatch(
      /^because of these three events: viewed X on 3 May \(raises the chance by \d+ points\); wave: Z about \d+ minutes before \(raises .*\); returned Y on 5 May \(lowers the chance by [\d.]+ points?\)$/,
    );
    expect(told.words?.zh).toMatch(
      /^因为这 3 个行为：5月3日浏览 X（购买概率 \+\d+ 个百分点）；约 \d+ 分钟前wave：Z（.*）；5月5日退回 Y（购买概率 −[\d.]+ 个百分点）$/,
    );
  });

  it('adds up', () => {
    const { base, together, asking, features, unexplained, margin } = told;
    expect(base + together + asking + features + unexplained).toBeCloseTo(margin, 12);
  });

  it('tells at most as many as asked for, and none where none counts', () => {
    const few = { frame, link: 'logit', shown, asOf: NOW, most: 1 } as const;
    expect(eventReasons(attribution, few)[0].words?.en).toMatch(/^because of this event: viewed X on 3 May/);
    const idle = { ...attribution, events: new Float64Array(4), margins: Float64Array.of(-2) };
    expect(eventReasons(idle, few)[0].words).toBeUndefined();
  });
});

describe('what was done', () => {
  const said = (type: string | undefined, item?: string, ageMs?: number) =>
    deedWords({ ...(type && { type }), ...(item && { item }), ...(ageMs !== undefined && { ageMs }) }, NOW);

  it('is told by its kind, with what it was done to where that is known', () => {
    expect(said('add_to_cart', 'X')).toEqual({ en: 'put X in the cart', zh: '把 X 加入购物车' });
    expect(said('add_to_cart')).toEqual({ en: 'put something in the cart', zh: '把商品加入购物车' });
    expect(said('purchase')).toEqual({ en: 'bought something', zh: '下单购买' });
    expect(said(undefined)).toEqual({ en: 'an event of a kind not known', zh: '未知行为' });
    expect(said('toString', 'X').en).toBe('toString: X');
  });

  it('is told by the day, with the year of another year, or by how long before', () => {
    expect(deedWords({ type: 'view', dayMs: Date.UTC(2025, 11, 3), ageMs: 150 * DAY_MS }, NOW)).toEqual({
      en: 'viewed a page on 3 December 2025',
      zh: '2025年12月3日浏览页面',
    });
    expect(said('view', 'X', 3 * 3_600_000).en).toBe('viewed X about 3 hours before');
    expect(said('view', 'X', 0).zh).toBe('刚刚浏览 X');
    expect(agoWords(800 * DAY_MS).en).toBe('about 2 years before');
    expect(agoWords(20 * DAY_MS).zh).toBe('约 20 天前');
  });
});
