// What a feature usually is at this hour of the week, so that every night is not taken for a change.
import { HOUR_MS } from '../../core/time.ts';

const HOURS_OF_DAY = 24;
const HOURS_OF_WEEK = 168;
/** Rows as heavy as what is known of the hour of the day, or of all hours, where an hour has few of its own. */
const PRIOR_ROWS = 30;
/** What a visit of an hour keeps of those before: the latest ten or so decide. */
const KEEP = 0.9;

export interface SeasonProfile {
  /** The mean to be expected in this hour. */
  expected(hour: number): number;
  /** Learns an hour that has passed. */
  learn(hour: number, sum: number, rows: number): void;
}

/** Hours since 1970, UTC. */
export const hourOf = (atMs: number): number => Math.floor(atMs / HOUR_MS);

/** An hour of the week leans on its hour of the day, and that on the mean of all, where it has few rows of its own. */
export function createSeasonProfile(mean: number): SeasonProfile {
  const daySum = new Float64Array(HOURS_OF_DAY);
  const dayRows = new Float64Array(HOURS_OF_DAY);
  const weekSum = new Float64Array(HOURS_OF_WEEK);
  const weekRows = new Float64Array(HOURS_OF_WEEK);
  let allSum = mean * PRIOR_ROWS;
  let allRows = PRIOR_ROWS;
  return {
    expected(hour) {
      const day = hour % HOURS_OF_DAY;
      const week = hour % HOURS_OF_WEEK;
      const byDay = (daySum[day] + PRIOR_ROWS * (allSum / allRows)) / (dayRows[day] + PRIOR_ROWS);
      return (weekSum[week] + PRIOR_ROWS * byDay) / (weekRows[week] + PRIOR_ROWS);
    },
    learn(hour, sum, rows) {
      const day = hour % HOURS_OF_DAY;
      const week = hour % HOURS_OF_WEEK;
      daySum[day] = KEEP * daySum[day] + sum;
      dayRows[day] = KEEP * dayRows[day] + rows;
      weekSum[week] = KEEP * weekSum[week] + sum;
      weekRows[week] = KEEP * weekRows[week] + rows;
      allSum += sum;
      allRows += rows;
    },
  };
}
