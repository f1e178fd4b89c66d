// Moments inside histories: nothing after one is read, everything after one is told, and what is not over is not asked.
import { describe, expect, it } from 'vitest';
import { EVENT_DAYS } from '../../core/event-sequences.ts';
import { makeFrame, type SequenceColumn } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { random } from '../../core/random.ts';
import { takeSequences } from '../../core/sequences.ts';
import { DAY_MS, HOUR_MS } from '../../core/time.ts';
import { eventColumnsOf, type MadeUpEvent } from '../made-up-events.ts';
import { learnVocabulary } from './histories.ts';
import { askedHistories, drawMoments } from './moments.ts';
import { noAnswers, outlookOf } from './outlook.ts';
import { type PastHistories, pastHistories } from './past-histories.ts';

const AS_OF = Date.UTC(2024, 5, 1, 6);
const DAYS = [1, 7, 14, 30, 90, 180, 365];

function madeUp(customers: number, seed: number): MadeUpEvent[][] {
  const draws = random(seed);
  return Array.from({ length: customers }, () => {
    const count = 1 + draws.integer(30);
    const ages = Array.from({ length: count }, () => 200 * DAY_MS * draws.uniform() ** 2).sort(
      (a, b) => b - a,
    );
    return ages.map((age): MadeUpEvent => {
      const item = draws.integer(9);
      const type = draws.uniform() < 0.3 ? 'purchase' : 'view';
      return { type, item: `item ${item}`, category: 'x', timeMs: AS_OF - age, priceMinor: 100 + item };
    });
  });
}

/** Whole days from the midnight before the moment, as the lake tells them. */
function dayColumn(histories: readonly (readonly MadeUpEvent[])[]): SequenceColumn {
  const midnight = AS_OF % DAY_MS;
  const levels = ['below', ...Array.from({ length: 400 }, (_, day) => String(midnight + day * DAY_MS))];
  const codes = histories.flatMap((events) =>
    events.map(({ timeMs }) => Math.max(0, Math.floor((AS_OF - timeMs - midnight) / DAY_MS) + 1)),
  );
  const offsets = new Uint32Array(histories.length + 1);
  histories.forEach((events, row) => {
    offsets[row + 1] = offsets[row] + events.length;
  });
  return {
    ...{ kind: 'sequence', name: EVENT_DAYS, label: name('', ''), unit: 'none', group: 'events' },
    ...{ levels, codes: Int32Array.from(codes), offsets },
  };
}

function pastOf(events: readonly (readonly MadeUpEvent[])[], withDays: boolean): PastHistories {
  const asOf = new Float64Array(events.length).fill(AS_OF);
  const frame = makeFrame([...eventColumnsOf(events, asOf), ...(withDays ? [dayColumn(events)] : [])]);
  const rows = Int32Array.from(events.keys());
  return pastHistories(frame, learnVocabulary(frame), { rows, most: 64 });
}

const made = madeUp(60, 4);

describe('ages of events', () => {
  it.each([
    { withDays: true, off: () => DAY_MS },
    { withDays: false, off: (age: number) => 60_000 + 0.42 * age },
  ])('are right to what was told, and never out of order (days told: $withDays)', ({ withDays, off }) => {
    const { histories, agesMs } = pastOf(made, withDays);
    made.forEach((events, row) => {
      events.forEach(({ timeMs }, at) => {
        const age = agesMs[histories.offsets[row] + at];
        expect(Math.abs(age - (AS_OF - timeMs))).toBeLessThanOrEqual(off(AS_OF - timeMs));
        if (at > 0) expect(age).toBeLessThanOrEqual(agesMs[histories.offsets[row] + at - 1]);
      });
    });
  });
});

describe('moments drawn in histories', () => {
  const past = pastOf(made, true);
  const { offsets } = past.histories;
  const moments = drawMoments(past, DAY_MS, random(8));
  const all = Int32Array.from(moments.rows.keys());

  it('lie after the first event, and a day before all ends', () => {
    expect(moments.rows.length).toBeGreaterThan(40);
    moments.rows.forEach((row, i) => {
      expect(moments.agesMs[i]).toBeGreaterThanOrEqual(DAY_MS);
      expect(moments.agesMs[i]).toBeLessThan(past.agesMs[offsets[row]]);
      const before = [...past.agesMs.slice(offsets[row], offsets[row + 1])].filter(
        (age) => age > moments.agesMs[i],
      );
      expect(moments.ends[i]).toBe(offsets[row] + before.length);
    });
  });

  it('are asked with what was done before them and no more, whatever came after', () => {
    const asked = askedHistories(past, moments, { chosen: all, most: 8 });
    const shorter = made.map((events, row) => {
      const at = moments.rows.indexOf(row);
      return at < 0 ? events : events.slice(0, moments.ends[at] - offsets[row]);
    });
    moments.rows.forEach((row, i) => {
      const before = shorter[row];
      const own = takeSequences(asked, [i]);
      const size = Math.min(8, before.length + 1);
      expect(own.items.length).toBe(size);
      expect(own.items[size - 1]).toBe(-1);
      expect([...own.items.slice(0, -1)].map((item) => own.itemIds[item])).toEqual(
        before.slice(1 - size).map(({ item }) => item),
      );
      const silence = (own.timesMs?.[size - 1] as number) - (own.timesMs?.[size - 2] as number);
      expect(silence).toBeCloseTo(past.agesMs[offsets[row] + before.length - 1] - moments.agesMs[i], 3);
      expect(silence).toBeGreaterThanOrEqual(0);
    });
  });

  it('are told what came after them within each horizon, and nothing of those that are not over', () => {
    const { shape, tell } = outlookOf(past);
    const answers = noAnswers(shape, all.length);
    moments.rows.forEach((row, at) => {
      tell({ row, ageMs: moments.agesMs[at], end: moments.ends[at] }, answers, at);
    });
    const kinds = past.histories.typeLevels as readonly string[];
    const perFlag = 1 + kinds.length;
    expect(shape).toEqual({ flags: DAYS.length * perFlag, numbers: DAYS.length * 2 });
    moments.rows.forEach((row, at) => {
      DAYS.forEach((days, h) => {
        const isOver = days * DAY_MS <= moments.agesMs[at];
        const flag = at * shape.flags + h * perFlag;
        expect(answers.flagWeights[flag]).toBe(Number(isOver));
        const number = at * shape.numbers + 2 * h;
        expect(answers.numberWeights[number]).toBe(Number(isOver));
        const later = isOver
          ? made[row].filter((_, e) => {
              const age = past.agesMs[offsets[row] + e];
              return age <= moments.agesMs[at] && age >= moments.agesMs[at] - days * DAY_MS;
            })
          : [];
        expect(answers.numbers[number]).toBeCloseTo(Math.log1p(later.length), 5);
        expect(answers.flags[flag]).toBe(Number(later.length > 0));
        kinds.forEach((kind, k) => {
          expect(answers.flags[flag + 1 + k]).toBe(Number(later.some(({ type }) => type === kind)));
        });
        const spent = later.filter(({ type }) => type === 'purchase').length;
        // Every item costs about the same, so that money counts purchases.
        expect(Math.expm1(answers.numbers[number + 1])).toBeGreaterThanOrEqual(0.8 * spent);
        expect(Math.expm1(answers.numbers[number + 1])).toBeLessThanOrEqual(1.2 * spent);
      });
    });
  });

  it('leave out who began too late, and who did nothing', () => {
    const late: MadeUpEvent[][] = [[], made[0].slice(-1).map((e) => ({ ...e, timeMs: AS_OF - HOUR_MS }))];
    expect(drawMoments(pastOf(late, false), DAY_MS, random(1)).rows.length).toBe(0);
  });
});
