import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CategoryColumn, makeFrame, type NumberColumn } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { civilDate, fitDateEncoder, loadDateEncoder } from './dates.ts';

const moments = (id: string, values: readonly number[]): NumberColumn => ({
  kind: 'number',
  name: id,
  label: name(id, id),
  unit: 'none',
  group: 'time',
  values: Float64Array.from(values),
});

describe('a civil date', () => {
  it('is what the calendar of the engine says, from year −200 to 4000', () => {
    const range = { min: Date.UTC(-200, 0), max: Date.UTC(4000, 0) };
    fc.assert(
      fc.property(fc.integer(range), (t) => {
        const date = new Date(t);
        const { month, day, dayOfYear } = civilDate(t);
        expect([month, day]).toEqual([date.getUTCMonth(), date.getUTCDate()]);
        const year = date.getUTCFullYear() - Number(date.getUTCMonth() < 2);
        const march = new Date(Date.UTC(2000, 2, 1));
        march.setUTCFullYear(year);
        expect(dayOfYear).toBe(Math.floor((t - march.getTime()) / 86_400_000));
      }),
      { seed: 5, numRuns: 500 },
    );
  });
});

describe('a date column', () => {
  const ordered = moments('ordered', [Date.UTC(2011, 1, 28, 18, 30), Date.UTC(2012, 1, 29), Number.NaN]);
  const sent = moments('sent', [Date.UTC(2011, 2, 2, 18, 30), Number.NaN, Date.UTC(2012, 0, 1)]);
  const frame = makeFrame([ordered, sent]);

  it('becomes a trend, a place in the year, week and day, and days since the other date', async () => {
    const encoder = fitDateEncoder(frame, 'sent', ['ordered']);
    const columns = await encoder.encode(frame);
    const value = (part: string, row: number) => {
      const column = columns.find((each) => each.name === `sent › ${part}`) as NumberColumn | CategoryColumn;
      return column.kind === 'category'
        ? (column.levels[column.codes[row]] ?? 'missing')
        : column.values[row];
    };
    expect(value('days since ordered', 0)).toBe(2);
    expect(value('days since ordered', 1)).toBeNaN();
    expect(value('years since start', 0)).toBe(0);
    expect(value('years since start', 2)).toBeCloseTo(0.8329, 3);
    expect([value('month', 0), value('weekday', 0), value('day of month', 0), value('hour', 0)]).toEqual([
      'March',
      'Wednesday',
      2,
      18,
    ]);
    expect([value('month', 1), value('weekday', 1), value('hour', 1)]).toEqual([
      'missing',
      'missing',
      Number.NaN,
    ]);
    const [sine, cosine] = [value('year circle, sine', 2), value('year circle, cosine', 2)] as number[];
    expect(Math.hypot(sine, cosine)).toBeCloseTo(1, 12);
    expect(encoder.inputs).toEqual(['sent', 'ordered']);
    expect(encoder.outputs).toEqual(columns.map((column) => column.name));
    expect(await loadDateEncoder(encoder.save()).encode(frame)).toEqual(columns);
  });

  it('has no hours where no moment has a time of day', () => {
    const days = makeFrame([moments('day', [Date.UTC(2011, 1, 28), Date.UTC(2012, 1, 29)])]);
    expect(fitDateEncoder(days, 'day', []).outputs).not.toContain('day › hour');
  });

  it('brings 31 December next to 1 January', async () => {
    const ends = makeFrame([
      moments('t', [Date.UTC(2011, 11, 31), Date.UTC(2012, 0, 1), Date.UTC(2011, 5, 30)]),
    ]);
    const [, sine, cosine] = (await fitDateEncoder(ends, 't', []).encode(ends)) as NumberColumn[];
    const distance = (a: number, b: number) =>
      Math.hypot(sine.values[a] - sine.values[b], cosine.values[a] - cosine.values[b]);
    expect(distance(0, 1)).toBeLessThan(0.03);
    expect(distance(0, 2)).toBeGreaterThan(1.9);
  });
});
