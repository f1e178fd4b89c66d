// Drift of many features and scores at once, with a stated number of false alarms a week.
import { AppError, invariant } from '../../core/errors.ts';
import { HOUR_MS } from '../../core/time.ts';
import { type FeatureWatch, type Finding, LEAST_PSI, watchFeature } from './feature-watch.ts';
import type { Reference } from './reference.ts';
import { hourOf } from './season-profile.ts';

export interface WatchedFeature {
  /** A feature's or a score's name. */
  readonly name: string;
  readonly reference: Reference;
}

export interface DriftAlarm extends Finding {
  readonly feature: string;
  readonly atMs: number;
}

/** How a feature stands. */
export interface DriftStatus {
  readonly feature: string;
  /** Of the last 24 hours; NaN before they are full. */
  readonly psi: number;
  /** Since when it is in drift, UTC ms. */
  readonly sinceMs?: number;
}

export interface DriftMonitor {
  /**
   * One row, in the order of the features, as the model sees it.
   *
   * @param values [features], NaN where missing
   * @param nowMs  when it arrived, UTC; never earlier than the row before
   */
  add(values: ArrayLike<number>, nowMs: number): void;
  /** Lets time pass without a row, so that a shop that falls silent is looked at too. */
  advance(nowMs: number): void;
  status(): readonly DriftStatus[];
  /** What there is now is the new normal: of one feature, such as after its definition changed. */
  rebase(feature: string, reference: Reference): void;
}

export interface DriftOptions {
  readonly features: readonly WatchedFeature[];
  readonly startMs: number;
  /** Expected at most, over all features and both detectors, while nothing changes; .1 when absent. */
  readonly falseAlarmsPerWeek?: number;
  readonly onAlarm: (alarm: DriftAlarm) => void;
}

const FALSE_ALARMS_PER_WEEK = 0.1;
const MEAN_CHECK_MS = HOUR_MS / 6;
const PSI_TESTS_PER_WEEK = 168;
const MEAN_TESTS_PER_WEEK = 168 * 6;
/** A drift has ended when the index stays under half of what is worth saying for a day. */
const QUIET_PSI = LEAST_PSI / 2;
const QUIET_HOURS = 24;

interface Watched {
  readonly name: string;
  watch: FeatureWatch;
  sinceMs: number | undefined;
  quietHours: number;
}

/**
 * Each feature is tested by two detectors: PSI of its last 24 hours every hour (any change of shape, also a slow one, and
 * missing values), ADWIN of its mean every ten minutes (within the hour). Each test may err with a chance so small that
 * the chances of all tests of a week sum to `falseAlarmsPerWeek`: the expected number is then at most that, however the
 * features hang together. A finding must also be large enough to matter (`LEAST_PSI`, `LEAST_SHIFT`). One alarm a drift: a
 * feature alarms again only after a day of quiet.
 */
export function createDriftMonitor(options: DriftOptions): DriftMonitor {
  const { features, startMs, onAlarm } = options;
  const budget = options.falseAlarmsPerWeek ?? FALSE_ALARMS_PER_WEEK;
  if (!(budget > 0 && budget <= 7))
    throw new AppError('USAGE', `expected between 0 and 7 false alarms a week, got ${budget}`);
  const levels = {
    psi: budget / 2 / (PSI_TESTS_PER_WEEK * Math.max(1, features.length)),
    adwin: budget / 2 / (MEAN_TESTS_PER_WEEK * Math.max(1, features.length)),
  };
  let hour = hourOf(startMs);
  let meanCheckMs = startMs + MEAN_CHECK_MS;
  const watched = features.map(
    ({ name, reference }): Watched => ({
      name,
      watch: watchFeature(reference, levels, hour),
      sinceMs: undefined,
      quietHours: 0,
    }),
  );
  const watches = watched.map(({ watch }) => watch);

  const tell = (own: Watched, finding: Finding | undefined, atMs: number): void => {
    if (!finding) return;
    own.quietHours = 0;
    if (own.sinceMs !== undefined) return;
    own.sinceMs = atMs;
    onAlarm({ feature: own.name, atMs, ...finding });
  };
  const closeHour = (atMs: number): void => {
    for (const own of watched) {
      tell(own, own.watch.closeHour(), atMs);
      own.quietHours = own.watch.psi < QUIET_PSI ? own.quietHours + 1 : 0;
      if (own.quietHours >= QUIET_HOURS) own.sinceMs = undefined;
    }
  };
  const advance = (nowMs: number): void => {
    while (nowMs >= meanCheckMs) {
      for (const own of watched) tell(own, own.watch.checkMean(), meanCheckMs);
      if (hourOf(meanCheckMs) > hour) {
        hour = hourOf(meanCheckMs);
        closeHour(hour * HOUR_MS);
      }
      meanCheckMs += MEAN_CHECK_MS;
    }
  };

  return {
    advance,
    add(values, nowMs) {
      invariant(
        values.length === watches.length,
        `a row has ${watches.length} features, got ${values.length}`,
      );
      if (nowMs >= meanCheckMs) advance(nowMs);
      for (let i = 0; i < watches.length; i++) watches[i].add(values[i]);
    },
    status: () => watched.map(({ name, watch, sinceMs }) => ({ feature: name, psi: watch.psi, sinceMs })),
    rebase(feature, reference) {
      const at = watched.findIndex(({ name }) => name === feature);
      if (at < 0) throw new AppError('NOT_FOUND', 'expected the name of a watched feature, got another one');
      watches[at] = watchFeature(reference, levels, hour);
      Object.assign(watched[at], { watch: watches[at], sinceMs: undefined, quietHours: 0 });
    },
  };
}
