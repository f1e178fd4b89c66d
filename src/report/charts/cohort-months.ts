// The calendar of cohorts: which month lies k months after the first, and whether it was over when the data ended.
import type { Cohort } from '../document.ts';

/** What a cohort chart draws. */
export interface CohortView {
  /** Oldest first. */
  readonly cohorts: readonly Cohort[];
  /** `YYYY-MM` of the month in which the data end, when they end inside it. */
  readonly unfinished?: string;
}

/** `YYYY-MM`, k months later. */
export function monthAfter(month: string, k: number): string {
  const [year, number] = month.split('-').map(Number);
  const index = year * 12 + number - 1 + k;
  return `${Math.floor(index / 12)}-${String((index % 12) + 1).padStart(2, '0')}`;
}
