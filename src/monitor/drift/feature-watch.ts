// One feature or score under watch: its last day against the training period, and its mean against its own past.
import { createAdwin } from './adwin.ts';
import { chanceOf, homogeneity, populationStability } from './psi.ts';
import { binOf, type Reference } from './reference.ts';
import { createSeasonProfile } from './season-profile.ts';

export type Detector = 'psi' | 'adwin';

/** What a detector saw when it was sure. */
export interface Finding {
  readonly detector: Detector;
  /** Of the last 24 hours against the reference. */
  readonly psi: number;
  /** Where a value of now stands among those of before, less a half: −.5 … .5, zero when nothing has moved. */
  readonly shift: number;
}

/** Chances of a false finding that one test may spend. */
export interface TestLevels {
  readonly psi: number;
  readonly adwin: number;
}

export interface FeatureWatch {
  /** @param value NaN when missing */
  add(value: number): void;
  /** Looks at the mean alone; called a few times an hour. */
  checkMean(): Finding | undefined;
  /** Ends an hour: the last day is compared, the hour is learned. */
  closeHour(): Finding | undefined;
  /** Of the last 24 hours; NaN before they are full. */
  readonly psi: number;
}

/** A change worth saying, however certain: PSI of .1 is the usual "look at it". */
export const LEAST_PSI = 0.1;
/** A tenth of a standard deviation, as the share of pairs in which the later value is the larger, less a half. */
export const LEAST_SHIFT = 0.03;

const DAY_HOURS = 24;
/** Until each hour of the week has been seen twice, nights and weekends would be changes of the mean. */
const LEARNING_HOURS = 2 * 168;
/** Fewer rows in a day say nothing about a distribution. */
const LEAST_ROWS = 100;
/** Rows of one block: neighbours share sessions, so that blocks are nearer to independent than rows. */
const BLOCK_ROWS = 16;
/** Fewer rows in an hour say nothing about how rows hang together. */
const LEAST_HOUR_ROWS = 30;
/** How far back the swing of the statistic is remembered. */
const SWING_HOURS = 14 * DAY_HOURS;

/** @param startHour hours since 1970, UTC */
export function watchFeature(reference: Reference, levels: TestLevels, startHour: number): FeatureWatch {
  const bins = reference.counts.length;
  const hours = Array.from({ length: DAY_HOURS }, () => new Float64Array(bins));
  const day = new Float64Array(bins);
  let adwin = createAdwin(levels.adwin);
  const season = createSeasonProfile(meanRank(reference));
  let current = hours[startHour % DAY_HOURS];
  let hour = startHour;
  let expected = season.expected(hour);
  let psi = Number.NaN;
  let hourSum = 0;
  let hourRows = 0;
  let blockSum = 0;
  let blockRows = 0;
  /** Of the statistic of single hours, over its degrees of freedom. */
  const swing = { mean: 1, variance: 0, hours: 0 };

  const comparedDay = (): Finding | undefined => {
    day.fill(0);
    for (const own of hours) for (let bin = 0; bin < bins; bin++) day[bin] += own[bin];
    const rows = day.reduce((sum, count) => sum + count, 0);
    if (rows < LEAST_ROWS) return undefined;
    psi = populationStability(reference.counts, day);
    const test = homogeneity(reference.counts, day);
    const found = psi >= LEAST_PSI && chanceOf(test, swing) <= levels.psi;
    return found ? { detector: 'psi', psi, shift: meanRankOf(reference, day) - 0.5 } : undefined;
  };

  const learnHour = (): void => {
    season.learn(hour, hourSum, hourRows);
    const test = homogeneity(reference.counts, current);
    if (hourRows < LEAST_HOUR_ROWS || test.degrees === 0) return;
    swing.hours = Math.min(SWING_HOURS, swing.hours + 1);
    const weight = 1 / swing.hours;
    const gap = test.statistic / test.degrees - swing.mean;
    swing.variance = (1 - weight) * (swing.variance + weight * gap * gap);
    swing.mean += weight * gap;
  };

  return {
    get psi() {
      return psi;
    },
    add(value) {
      const bin = binOf(reference.edges, value);
      current[bin]++;
      if (bin === bins - 1) return;
      const rank = reference.ranks[bin];
      hourSum += rank;
      hourRows++;
      blockSum += rank - expected;
      if (++blockRows < BLOCK_ROWS) return;
      const mean = 0.5 + blockSum / BLOCK_ROWS;
      adwin.add(Math.min(1, Math.max(0, mean)));
      blockSum = 0;
      blockRows = 0;
    },
    checkMean() {
      const cut = adwin.check();
      if (!cut || hour - startHour < LEARNING_HOURS) return undefined;
      const shift = cut.after - cut.before;
      return Math.abs(shift) >= LEAST_SHIFT ? { detector: 'adwin', psi, shift } : undefined;
    },
    closeHour() {
      learnHour();
      hourSum = 0;
      hourRows = 0;
      hour++;
      const finding = hour - startHour >= DAY_HOURS ? comparedDay() : undefined;
      current = hours[hour % DAY_HOURS];
      current.fill(0);
      expected = season.expected(hour);
      // What was added while the week was not known yet is no measure of what comes.
      if (hour - startHour === LEARNING_HOURS) adwin = createAdwin(levels.adwin);
      return finding;
    },
  };
}

/** Of the reference's own known values: a half, but for rounding. */
const meanRank = (reference: Reference): number => meanRankOf(reference, reference.counts);

/** Missing values left out. */
function meanRankOf({ ranks }: Reference, counts: Float64Array): number {
  let sum = 0;
  let rows = 0;
  for (let bin = 0; bin < ranks.length; bin++) {
    sum += counts[bin] * ranks[bin];
    rows += counts[bin];
  }
  return rows > 0 ? sum / rows : 0.5;
}
