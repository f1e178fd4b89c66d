// For tests and the benchmark: how often the monitor cries wolf while nothing changes, and how soon it sees a shift.
import { random } from '../../src/core/random.ts';
import { DAY_MS, HOUR_MS } from '../../src/core/time.ts';
import { createDriftMonitor, type DriftAlarm } from '../../src/monitor/drift/drift-monitor.ts';
import { referenceOf } from '../../src/monitor/drift/reference.ts';
import { featureStream, type StreamKind } from './feature-stream.ts';

export interface DriftTrial {
  readonly kind: StreamKind;
  readonly features: number;
  readonly eventsPerDay: number;
  readonly days: number;
  readonly referenceDays: number;
  readonly seed: number;
  /** By feature: when it shifts for good, in days from the start; and by how many standard deviations. */
  readonly shifts?: readonly { readonly feature: number; readonly atDay: number; readonly stdDevs: number }[];
}

export interface DriftResult {
  readonly alarms: readonly DriftAlarm[];
  /** Alarms of features that had not shifted. */
  readonly falseAlarms: number;
  /** Hours from each shift to its alarm, in the order of the shifts; infinite when none came. */
  readonly delayHours: readonly number[];
}

const START_MS = Date.UTC(2026, 0, 5);
const REFERENCE_ROWS = 50_000;

export function measureDrift(trial: DriftTrial): DriftResult {
  const { kind, features, eventsPerDay, days, shifts = [] } = trial;
  const chance = random(trial.seed);
  const none = new Float64Array(features);
  const gapMs = DAY_MS / eventsPerDay;
  const past = featureStream(kind, features, chance.fork('reference'));
  const pastRows = Math.min(REFERENCE_ROWS, trial.referenceDays * eventsPerDay);
  const columns = Array.from({ length: features }, () => new Float64Array(pastRows));
  const row = new Float64Array(features);
  const pastGapMs = (trial.referenceDays * DAY_MS) / pastRows;
  for (let i = 0; i < pastRows; i++) {
    past.fill(row, START_MS - (pastRows - i) * pastGapMs, none);
    for (let f = 0; f < features; f++) columns[f][i] = row[f];
  }
  const alarms: DriftAlarm[] = [];
  const monitor = createDriftMonitor({
    features: columns.map((values, f) => ({ name: String(f), reference: referenceOf(values) })),
    startMs: START_MS,
    onAlarm: (alarm) => alarms.push(alarm),
  });
  const stream = featureStream(kind, features, chance.fork('stream'));
  const shift = new Float64Array(features);
  const coming = [...shifts].sort((a, b) => a.atDay - b.atDay);
  for (let i = 0; i < days * eventsPerDay; i++) {
    const atMs = START_MS + i * gapMs;
    while (coming.length > 0 && atMs >= START_MS + coming[0].atDay * DAY_MS) {
      shift[coming[0].feature] = coming[0].stdDevs;
      coming.shift();
    }
    stream.fill(row, atMs, shift);
    monitor.add(row, atMs);
  }
  const shiftMs = new Map(shifts.map(({ feature, atDay }) => [String(feature), START_MS + atDay * DAY_MS]));
  const isFalse = ({ feature, atMs }: DriftAlarm) => !(atMs >= (shiftMs.get(feature) ?? Infinity));
  return {
    alarms,
    falseAlarms: alarms.filter(isFalse).length,
    delayHours: shifts.map(({ feature }) => {
      const own = alarms.find((alarm) => alarm.feature === String(feature) && !isFalse(alarm));
      return own ? (own.atMs - (shiftMs.get(own.feature) as number)) / HOUR_MS : Number.POSITIVE_INFINITY;
    }),
  };
}
