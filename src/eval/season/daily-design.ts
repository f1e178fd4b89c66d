// What a day is, as columns of a regression: its place in the trend, the week and the year, and the sales days near it.
import { SALES_SPANS, type SalesMoment } from './sales-days.ts';

const YEAR_DAYS = 365.25;
const WEEK_DAYS = 7;
export const WAVES = 3;
/** Between the corners of the trend; a season shorter than this cannot hide in it. */
const KNOT_DAYS = 60;

/** Columns of a day, in this order: trend corners, weekday, waves of the year, effects of each sales day by span. */
export interface DailyDesign {
  readonly knots: number;
  readonly names: readonly string[];
  readonly width: number;
  /** First column of each part. */
  readonly weekday: number;
  readonly wave: number;
  readonly sales: number;
}

export function designFor(days: number, names: readonly string[]): DailyDesign {
  const knots = Math.max(2, Math.ceil(days / KNOT_DAYS) + 1);
  const weekday = knots;
  const wave = weekday + WEEK_DAYS;
  const sales = wave + 2 * WAVES;
  return { knots, names, weekday, wave, sales, width: sales + names.length * SALES_SPANS.length };
}

/**
 * Fills the columns of one day.
 *
 * @param at   its place in the series; the trend stands still beyond the last corner
 * @param into [width]
 */
export function fillDay(
  design: DailyDesign,
  { day, at, sales }: { day: number; at: number; sales: readonly SalesMoment[] },
  into: Float64Array,
): void {
  into.fill(0);
  const place = Math.min(design.knots - 1, Math.max(0, at / KNOT_DAYS));
  const corner = Math.min(design.knots - 2, Math.floor(place));
  into[corner] = 1 - (place - corner);
  into[corner + 1] = place - corner;
  into[design.weekday + (((day % WEEK_DAYS) + WEEK_DAYS) % WEEK_DAYS)] = 1;
  for (let k = 0; k < WAVES; k++) {
    const angle = (2 * Math.PI * (k + 1) * day) / YEAR_DAYS;
    into[design.wave + 2 * k] = Math.sin(angle);
    into[design.wave + 2 * k + 1] = Math.cos(angle);
  }
  for (const moment of sales) {
    const ahead = moment.day - day;
    const span = SALES_SPANS.findIndex(([furthest, nearest]) => ahead <= furthest && ahead >= nearest);
    if (span < 0) continue;
    into[design.sales + design.names.indexOf(moment.name) * SALES_SPANS.length + span] = 1;
  }
}
