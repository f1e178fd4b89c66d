// Drift alarms: how many false ones in 60 days without change, and how soon a shift of half a standard deviation is seen.

import { atMost, type Bench, type Target } from './bench.ts';
import { STREAM_KINDS } from './drift/feature-stream.ts';
import { type DriftTrial, measureDrift } from './drift/measure-drift.ts';

const FEATURES = 100;
const DAYS = 60;
const SHIFT = 0.5;

/**
 * Words: events a day of the plain stream (50000), of the harder ones (10000), `plain` for the plain stream alone.
 *
 * The plain stream is what the promise names. The harder ones are still too: other shapes, a season, customers with many
 * events each.
 */
export const bench: Bench = async ({ args, seed, log }) => {
  const sizes = args.filter((word) => /^\d+$/.test(word)).map(Number);
  const [plainEvents = 50_000, otherEvents = 10_000] = sizes;
  const targets: Target[] = [];
  const figures: Record<string, unknown> = {};
  for (const kind of STREAM_KINDS) {
    if (kind !== 'normal' && args.includes('plain')) continue;
    const eventsPerDay = kind === 'normal' ? plainEvents : otherEvents;
    const base = { kind, features: FEATURES, eventsPerDay, referenceDays: 28 };
    const startedMs = performance.now();
    const still = measureDrift({ ...base, days: DAYS, seed });
    const rows = DAYS * eventsPerDay;
    const perRow = (1000 * (performance.now() - startedMs)) / rows;
    const perWeek = still.falseAlarms / (DAYS / 7);
    log(
      `${kind}: ${still.falseAlarms} false alarms in ${DAYS} days, ${perRow.toFixed(1)} µs a row with its draws`,
    );
    const moved = measureDrift({ ...base, days: 21, seed: seed + 1, shifts: oneEach() });
    // Of what is mostly zero, or yes or no, less than the whole distribution moves.
    const delays = moved.delayHours.filter((_, i) => kind !== 'mixed' || ![3, 4].includes(i % 6));
    const sorted = [...delays].sort((a, b) => a - b);
    const within = sorted.filter((hours) => hours <= 24).length / sorted.length;
    log(
      `${kind}: seen after ${sorted[sorted.length >> 1]} h in the middle, ${sorted.at(-1)} h at the latest`,
    );
    figures[kind] = {
      eventsPerDay,
      falseAlarms: still.falseAlarms,
      alarms: still.alarms.map(({ feature, detector, psi, shift }) => ({ feature, detector, psi, shift })),
      medianHours: sorted[sorted.length >> 1],
      latestHours: sorted.at(-1),
      withinADay: within,
      microsecondsPerRow: perRow,
    };
    targets.push(
      atMost(
        `${kind}: false alarms a week`,
        perWeek,
        1,
        `${still.falseAlarms} in ${DAYS} days of ${FEATURES} features`,
      ),
      atMost(`${kind}: hours until a shift of ${SHIFT} σ is seen, the latest`, sorted.at(-1) ?? Infinity, 24),
    );
  }
  return {
    bench: 'drift',
    protocol: `${FEATURES} features, ${plainEvents} events a day (harder streams ${otherEvents}), ${DAYS} days without change; then one shift of ${SHIFT} σ a feature between days 15 and 20; reference of 28 days, at most 50,000 rows; seed ${seed}`,
    targets,
    figures,
  };
};

/** Every feature once, at different hours of five days after the first two weeks. */
const oneEach = (): NonNullable<DriftTrial['shifts']> =>
  Array.from({ length: FEATURES }, (_, feature) => ({
    feature,
    atDay: 15 + (feature * 5) / FEATURES + 0.01,
    stdDevs: SHIFT,
  }));
