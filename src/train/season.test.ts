// A season is learned from daily sales where there is enough of them, and assumed where there is not.
import { describe, expect, it } from 'vitest';
import { random } from '../core/random.ts';
import { DAY_MS } from '../core/time.ts';
import { SALES_DAYS, salesDaysBetween } from '../data/features/calendar.ts';
import { defaultView } from '../data/features/default-view.ts';
import { makeCalendar } from '../data/synthetic/calendar.ts';
import { SCENARIOS } from '../data/synthetic/scenario.ts';
import { fitSeason } from '../eval/season/fit-season.ts';
import { type Season, seasonalChange, windowFactor } from '../eval/season/season.ts';
import { withoutCalendar } from './season.ts';

const START_MS = Date.UTC(2022, 0, 3);
const START_DAY = START_MS / DAY_MS;
const HORIZON_MS = 30 * DAY_MS;
const THREE_YEARS = 1_096;

/** The simulated shop's own calendar: growth, a wave of ± 25 %, sales days, Christmas. */
const calendar = makeCalendar(SCENARIOS.seasonal, START_MS, THREE_YEARS + 120);
const still = makeCalendar({ ...SCENARIOS.seasonal, growthPerYear: 0 }, START_MS, THREE_YEARS + 120);

function seasonAfter(days: number, perDay: number): Season {
  const draw = random(5);
  const totals = Float64Array.from(
    { length: days },
    (_, day) => 50 * draw.poisson(perDay * calendar.traffic[day]),
  );
  const sales = salesDaysBetween(START_DAY - 60, START_DAY + THREE_YEARS + 800, SALES_DAYS);
  return fitSeason({ firstDay: START_DAY, totals }, { sales, daysAhead: 730 });
}

/** Traffic of a window beside an ordinary one of the same year, growth left out. */
function truth(day: number): number {
  const sum = (from: number, to: number) => still.cumulative[to] - still.cumulative[from];
  const year = sum(365, 2 * 365) / 365;
  return sum(day, day + 30) / 30 / year;
}

const momentsOfThirdYear = Array.from({ length: 11 }, (_, month) => 2 * 365 + 30 * month);

const errorOf = (season: Season, day: number): number =>
  Math.log(windowFactor(season, START_MS + day * DAY_MS, HORIZON_MS) / truth(day));

describe('a season learned from two years', () => {
  const season = seasonAfter(2 * 365, 60);

  it('knows every month of the third within a seventh, the peak before Christmas among them', () => {
    // The made-up shop keeps the fourth Friday of November, a week before the true one in 2024: one month has a week of
    // sales too few, the next too many. All others are within a twentieth.
    const far = momentsOfThirdYear.filter((day) => Math.abs(errorOf(season, day)) > 0.05);
    expect(far.length).toBeLessThanOrEqual(2);
    for (const day of momentsOfThirdYear)
      expect(Math.abs(errorOf(season, day)), `day ${day}`).toBeLessThan(1 / 7);
    const peak = momentsOfThirdYear.reduce((best, day) => (truth(day) > truth(best) ? day : best));
    expect(truth(peak)).toBeGreaterThan(1.4);
  });

  it('leaves growth out: the year as a whole has the factor 1', () => {
    expect(windowFactor(season, START_MS + 730 * DAY_MS, 365 * DAY_MS)).toBeCloseTo(1, 2);
  });

  it('is better than none', () => {
    const size = (values: number[]) =>
      values.reduce((sum, value) => sum + Math.abs(value), 0) / values.length;
    const none = size(momentsOfThirdYear.map((day) => Math.log(truth(day))));
    expect(size(momentsOfThirdYear.map((day) => errorOf(season, day)))).toBeLessThan(none / 3);
  });
});

describe('a season after seven months', () => {
  const season = seasonAfter(210, 60);

  it('expects more before Christmas and less after it, from the stated calendar', () => {
    const at = (month: number, day: number) =>
      windowFactor(season, Date.UTC(2022, month - 1, day), HORIZON_MS);
    expect(at(11, 20)).toBeGreaterThan(1.15);
    expect(at(12, 25)).toBeLessThan(1);
    expect(Math.abs(at(9, 1) - 1)).toBeLessThan(0.1);
    expect(season.words.en).toContain('stated calendar');
  });
});

describe('a season of nothing', () => {
  it('is even where every day is alike, up to the stated sales days', () => {
    const totals = new Float64Array(3 * 365).fill(10_000);
    const sales = salesDaysBetween(START_DAY - 60, START_DAY + 3 * 365 + 800, SALES_DAYS);
    const season = fitSeason({ firstDay: START_DAY, totals }, { sales, daysAhead: 730 });
    for (let month = 0; month < 12; month++) {
      expect(windowFactor(season, START_MS + (3 * 365 + 30 * month) * DAY_MS, HORIZON_MS)).toBeCloseTo(1, 2);
    }
  });

  it('is not counted twice: what the months before have shown already is no change', () => {
    const busy = { years: 1, words: { en: '', zh: '' }, firstDay: 0 };
    const always: Season = { ...busy, factors: new Array(400).fill(1.5) };
    expect(seasonalChange(always, 200 * DAY_MS, HORIZON_MS)).toBe(1);
    const rising: Season = {
      ...busy,
      factors: Array.from({ length: 400 }, (_, day) => (day < 200 ? 0.8 : 1.2)),
    };
    expect(seasonalChange(rising, 200 * DAY_MS, HORIZON_MS)).toBeCloseTo(1.5, 12);
  });

  it('stands beyond its table like 52 weeks before', () => {
    const season: Season = {
      firstDay: 100,
      factors: Array.from({ length: 400 }, (_, i) => 1 + i / 1000),
      years: 1,
      words: { en: '', zh: '' },
    };
    const at = (day: number) => windowFactor(season, day * DAY_MS, DAY_MS);
    expect(at(100)).toBe(1);
    expect(at(500)).toBe(at(500 - 364));
    expect(at(99)).toBe(at(99 + 364));
    expect(windowFactor(season, 100.5 * DAY_MS, DAY_MS)).toBeCloseTo(1.0005, 12);
  });
});

describe('a view beside a season', () => {
  const view = defaultView(30);
  const calendar = view.features.filter(({ group }) => group === 'calendar');

  it('has nothing that only tells one moment of learning from another, and says so', () => {
    const { view: timeless, leftOut } = withoutCalendar(view);
    expect(calendar.length).toBeGreaterThan(0);
    expect(timeless.features).toEqual(view.features.filter(({ group }) => group !== 'calendar'));
    expect(leftOut.map(({ name }) => name)).toEqual(calendar.map(({ name }) => name));
  });

  it('keeps what the shop asked for by name', () => {
    const [own] = calendar;
    const { view: timeless, leftOut } = withoutCalendar(view, [own]);
    expect(timeless.features).toContain(own);
    expect(leftOut.map(({ name }) => name)).not.toContain(own.name);
  });
});
