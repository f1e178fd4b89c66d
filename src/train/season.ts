// The season of a run: learned from what was sold before the test, taken out of what models learn, put back into answers.
import { DAY_MS } from '../core/time.ts';
import { measureDailySales } from '../data/daily-sales.ts';
import type { Engine } from '../data/engine.ts';
import { SALES_DAYS, salesDaysBetween } from '../data/features/calendar.ts';
import type { FeatureDefinition, FeatureView } from '../data/features/definition.ts';
import type { EventSource } from '../data/source.ts';
import { fitSeason } from '../eval/season/fit-season.ts';
import { type Season, seasonalChanges } from '../eval/season/season.ts';
import type { Question, Sample } from '../models/estimator.ts';

/** Factors are kept for answers so far ahead; later days are like the day 52 weeks before. */
const DAYS_AHEAD = 2 * 365;
/** A sales day may touch days of the next or the last year. */
const MARGIN_DAYS = 60;

/**
 * The shop's season as far as it could be known at `untilMs`, for questions about money within a part of the year.
 *
 * @returns undefined where a season says nothing: probabilities, windows of a year and more, shops without sales
 */
export async function learnSeason(
  engine: Engine,
  source: EventSource,
  { question, untilMs, signal }: { question: Question; untilMs: number; signal?: AbortSignal },
): Promise<Season | undefined> {
  if (question.outcome !== 'revenue' || question.horizonDays >= 360) return undefined;
  const daily = await measureDailySales(engine, source, untilMs, signal);
  if (!daily) return undefined;
  const lastDay = daily.firstDay + daily.totals.length + DAYS_AHEAD + MARGIN_DAYS;
  const sales = salesDaysBetween(daily.firstDay - MARGIN_DAYS, lastDay, SALES_DAYS);
  return fitSeason(daily, { sales, daysAhead: DAYS_AHEAD });
}

/** The sample as it would be in an ordinary season: what a month's amounts have in common with every other month's. */
export function withoutSeason(sample: Sample, season: Season): Sample {
  const factors = seasonalChanges(season, sample.asOf, sample.question.horizonDays * DAY_MS);
  return { ...sample, target: sample.target.map((amount, row) => amount / factors[row]) };
}

/**
 * The view without the time of year, where a season takes that out of the amounts: learned at a handful of moments, it
 * could only tell one of them from another. Features a shop asked for stay.
 */
export function withoutCalendar(
  view: FeatureView,
  own: readonly FeatureDefinition[] = [],
): {
  readonly view: FeatureView;
  readonly leftOut: readonly { readonly name: string; readonly reason: string }[];
} {
  const asked = new Set(own.map(({ name }) => name));
  const stays = ({ name, group }: FeatureDefinition) => group !== 'calendar' || asked.has(name);
  return {
    view: { ...view, features: view.features.filter(stays) },
    leftOut: view.features
      .filter((feature) => !stays(feature))
      .map(({ name }) => ({ name, reason: "the shop's season is learned from its daily sales" })),
  };
}
