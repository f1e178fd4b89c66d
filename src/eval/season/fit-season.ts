// Learning a shop's season from its daily sales: trend, week, year and sales days in one regression with stated priors.
import { choleskyFactor, solveFactored } from '../../core/cholesky.ts';
import { invariant } from '../../core/errors.ts';
import { DAY_MS } from '../../core/time.ts';
import { type DailyDesign, designFor, fillDay, WAVES } from './daily-design.ts';
import { ASSUMED_EFFECTS, effectStdDev, SALES_SPANS, type SalesMoment } from './sales-days.ts';
import { type Season, seasonWords } from './season.ts';

export interface DailySales {
  /** Days since 1970-01-01. */
  readonly firstDay: number;
  /** Money or orders of each day, ≥ 0; quiet days are zeros. */
  readonly totals: Float64Array;
}

/** A year's wave is believed to be so high, as a standard deviation of the logarithm. */
const WAVE_STD_DEV = 0.3;
const WEEKDAY_STD_DEV = 0.5;
/** How sharply the trend may bend at a corner. */
const BEND_STD_DEV = 0.1;
/** Waves of the year are left at zero below this: trend and season cannot be told apart. */
const LEAST_YEARS_FOR_WAVES = 1;
const YEAR_DAYS = 365;
const ROUNDS = 30;
/** A day this many times its neighbours' usual counts no further: one wholesale order is no season. */
const MOST_TIMES_USUAL = 6;

/**
 * Fits log(expected sales) = trend + weekday + waves + sales days by penalised quasi-Poisson regression; the spread
 * beyond Poisson, and days resembling their neighbours, are estimated and widen what is taken for noise.
 *
 * Where the history holds little of something, it stays at its prior: sales days at `ASSUMED_EFFECTS`, waves at none.
 *
 * @param sales     sales days of every year the history and the following years touch
 * @param daysAhead how far beyond the history factors are given
 */
export function fitSeason(
  daily: DailySales,
  { sales, daysAhead }: { sales: readonly SalesMoment[]; daysAhead: number },
): Season {
  const totals = tamed(daily.totals);
  const days = totals.length;
  invariant(days > 0, 'a season needs at least one day of sales');
  const years = days / YEAR_DAYS;
  const names = [...new Set(sales.map((moment) => moment.name))];
  const design = designFor(days, names);
  const near = nearbySales(sales);
  const rows = new Float64Array(days * design.width);
  for (let at = 0; at < days; at++) {
    const day = daily.firstDay + at;
    fillDay(design, { day, at, sales: near(day) }, rows.subarray(at * design.width, (at + 1) * design.width));
  }
  const prior = priorOf(design, years);
  const effects = regress({ rows, totals, design, prior });
  return seasonOf({ daily, daysAhead, years }, { design, effects, near });
}

/** Sales days that may touch a day. */
function nearbySales(sales: readonly SalesMoment[]): (day: number) => readonly SalesMoment[] {
  const [furthest] = SALES_SPANS[0];
  const [, latest] = SALES_SPANS[SALES_SPANS.length - 1];
  return (day) => sales.filter((moment) => moment.day - day <= furthest && moment.day - day >= latest);
}

/** Totals capped at several times the median of the days around. */
function tamed(totals: Float64Array): Float64Array {
  return totals.map((total, at) => {
    const around = totals.slice(Math.max(0, at - 14), at + 15).sort();
    const usual = around[around.length >> 1];
    return usual > 0 ? Math.min(total, MOST_TIMES_USUAL * usual) : total;
  });
}

interface Prior {
  /** [width] */
  readonly mean: Float64Array;
  /** 1 / variance, [width]; infinite = held at the mean. */
  readonly precision: Float64Array;
}

function priorOf(design: DailyDesign, years: number): Prior {
  const mean = new Float64Array(design.width);
  const precision = new Float64Array(design.width);
  for (let k = 0; k < 7; k++) precision[design.weekday + k] = WEEKDAY_STD_DEV ** -2;
  const held = years < LEAST_YEARS_FOR_WAVES;
  for (let k = 0; k < 2 * WAVES; k++) precision[design.wave + k] = held ? 1e9 : WAVE_STD_DEV ** -2;
  design.names.forEach((salesName, n) => {
    SALES_SPANS.forEach((reach, span) => {
      const at = design.sales + n * SALES_SPANS.length + span;
      mean[at] = ASSUMED_EFFECTS[salesName]?.[span] ?? 0;
      precision[at] = effectStdDev(reach, years) ** -2;
    });
  });
  return { mean, precision };
}

interface Regression {
  /** [days, width] */
  readonly rows: Float64Array;
  readonly totals: Float64Array;
  readonly design: DailyDesign;
  readonly prior: Prior;
}

/** Newton steps on the penalised quasi-likelihood, the dispersion measured anew each round. */
function regress({ rows, totals, design, prior }: Regression): Float64Array {
  const { width, knots } = design;
  const days = totals.length;
  const mean = totals.reduce((sum, total) => sum + total, 0) / days;
  const effects = prior.mean.slice();
  effects.fill(Math.log(Math.max(mean, 1e-9)), 0, knots);
  let dispersion = Math.max(mean, 1e-9);
  for (let round = 0; round < ROUNDS; round++) {
    const expected = expectations(rows, effects, days);
    // Never surer than one part in a hundred of a day: nothing about a shop is.
    const least = 1e-4 * Math.max(mean, 1e-9);
    if (round > 2)
      dispersion = Math.max(least, dispersionOf(totals, expected, Math.max(1, days - width / 2)));
    const hessian = new Float64Array(width * width);
    const slope = new Float64Array(width);
    for (let at = 0; at < days; at++) {
      const row = rows.subarray(at * width, (at + 1) * width);
      const weight = expected[at] / dispersion;
      const pull = (totals[at] - expected[at]) / dispersion;
      for (let i = 0; i < width; i++) {
        if (row[i] === 0) continue;
        slope[i] += pull * row[i];
        for (let j = 0; j <= i; j++) hessian[i * width + j] += weight * row[i] * row[j];
      }
    }
    addPrior({ hessian, slope }, effects, prior);
    addBending({ hessian, slope }, effects, design);
    const factor = choleskyFactor(hessian, width);
    invariant(factor, 'a penalised regression bends upwards in every direction');
    const step = solveFactored(factor, slope);
    // A first guess may be far off: no step beyond a factor of e.
    const longest = step.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const part = Math.min(1, 1 / Math.max(longest, 1e-12));
    for (let i = 0; i < width; i++) effects[i] += part * step[i];
    if (longest < 1e-8 && round > 4) break;
  }
  return effects;
}

function expectations(rows: Float64Array, effects: Float64Array, days: number): Float64Array {
  const width = effects.length;
  return Float64Array.from({ length: days }, (_, at) => {
    let margin = 0;
    for (let i = 0; i < width; i++) margin += rows[at * width + i] * effects[i];
    return Math.exp(Math.min(40, margin));
  });
}

/** Pearson's, stretched where a day resembles the one before: such days say less than their number. */
function dispersionOf(totals: Float64Array, expected: Float64Array, freedom: number): number {
  const scaled = totals.map((total, at) => (total - expected[at]) / Math.sqrt(Math.max(expected[at], 1e-12)));
  let square = 0;
  let neighbour = 0;
  for (let at = 0; at < scaled.length; at++) {
    square += scaled[at] ** 2;
    if (at > 0) neighbour += scaled[at] * scaled[at - 1];
  }
  const likeness = Math.min(0.8, Math.max(0, neighbour / Math.max(square, 1e-12)));
  return Math.max(1e-9, (square / freedom) * ((1 + likeness) / (1 - likeness)));
}

interface Equations {
  readonly hessian: Float64Array;
  readonly slope: Float64Array;
}

function addPrior({ hessian, slope }: Equations, effects: Float64Array, { mean, precision }: Prior): void {
  const width = effects.length;
  for (let i = 0; i < width; i++) {
    hessian[i * width + i] += precision[i] + 1e-9;
    slope[i] -= precision[i] * (effects[i] - mean[i]);
  }
}

/** Second differences of the trend are drawn to zero. */
function addBending(
  { hessian, slope }: Equations,
  effects: Float64Array,
  { knots, width }: DailyDesign,
): void {
  const precision = BEND_STD_DEV ** -2;
  const bend = [1, -2, 1];
  for (let k = 0; k + 2 < knots; k++) {
    const value = effects[k] - 2 * effects[k + 1] + effects[k + 2];
    for (let i = 0; i < 3; i++) {
      slope[k + i] -= precision * bend[i] * value;
      for (let j = 0; j <= i; j++) hessian[(k + i) * width + k + j] += precision * bend[i] * bend[j];
    }
  }
}

interface Learned {
  readonly design: DailyDesign;
  readonly effects: Float64Array;
  readonly near: (day: number) => readonly SalesMoment[];
}

/** Factors without trend, over the history and beyond, around the mean of the year to come. */
function seasonOf(
  { daily, daysAhead, years }: { daily: DailySales; daysAhead: number; years: number },
  { design, effects, near }: Learned,
): Season {
  const days = daily.totals.length + daysAhead;
  const row = new Float64Array(design.width);
  const raw = Float64Array.from({ length: days }, (_, at) => {
    const day = daily.firstDay + at;
    fillDay(design, { day, at: 0, sales: near(day) }, row);
    let margin = 0;
    for (let i = design.weekday; i < design.width; i++) margin += row[i] * effects[i];
    return Math.exp(margin);
  });
  const ahead = raw.subarray(daily.totals.length, daily.totals.length + YEAR_DAYS);
  const reference = ahead.length === YEAR_DAYS ? ahead : raw;
  const mean = reference.reduce((sum, value) => sum + value, 0) / reference.length;
  const factors = Array.from(raw, (value) => Math.round((value / mean) * 1e5) / 1e5);
  return { firstDay: daily.firstDay, factors, years, words: seasonWords(years, busiest(daily, factors)) };
}

/** The thirty days of the coming year with the highest mean. */
function busiest(
  { firstDay, totals }: DailySales,
  factors: readonly number[],
): { date: string; factor: number } {
  const span = 30;
  let best = { date: '', factor: 0 };
  const last = Math.min(totals.length + YEAR_DAYS, factors.length - span);
  for (let at = totals.length; at < last; at++) {
    let sum = 0;
    for (let k = 0; k < span; k++) sum += factors[at + k];
    if (sum / span > best.factor) {
      best = { date: new Date((firstDay + at) * DAY_MS).toISOString().slice(0, 10), factor: sum / span };
    }
  }
  return best;
}
