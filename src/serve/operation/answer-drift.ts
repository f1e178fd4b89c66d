// Whether those who are asked about still look like those the model learned from: features and scores under watch.
import type { Column } from '../../core/frame.ts';
import { forecast } from '../../models/calibrated.ts';
import { createDriftMonitor, type DriftMonitor } from '../../monitor/drift/drift-monitor.ts';
import { referenceOf } from '../../monitor/drift/reference.ts';
import type { Logger } from '../../monitor/log/logger.ts';
import type { Metrics } from '../../monitor/metrics/metrics.ts';
import type { LoadedBundle } from '../../registry/bundle.ts';
import type { Predictions } from '../batch.ts';

export interface AnswerDrift {
  /** Answers that were given; looked at afterwards. Of models that are not watched nothing is taken. */
  answered(bundle: LoadedBundle, predictions: Predictions): void;
  /** Watches these models; those watched before under the same version go on. */
  watch(bundles: readonly LoadedBundle[]): Promise<void>;
  /** Lets time pass, and brings the figures up to date. */
  look(): void;
}

export interface AnswerDriftParts {
  /** The shop's name. */
  readonly name: string;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly now: () => number;
  /** Over all models of the shop. */
  readonly falseAlarmsPerWeek: number;
}

/** Under it stands the answer itself among the features. */
export const SCORE = 'score';

interface Watched {
  readonly version: string;
  readonly monitor: DriftMonitor;
  /** Reads the columns of a frame in the order of the features. */
  readonly read: (predictions: Predictions) => readonly ArrayLike<number>[];
}

interface Waiting {
  readonly own: Watched;
  readonly predictions: Predictions;
  /** Read when its turn comes. */
  columns?: readonly ArrayLike<number>[];
  /** The next row. */
  at: number;
}

/** Rows that wait at most: of a flood a sample says as much. */
const MOST_WAITING = 20_000;
/** Rows of one turn of the event loop: about a millisecond for a hundred features. */
const TURN = 64;

export function watchAnswerDrift(parts: AnswerDriftParts): AnswerDrift {
  const { name, metrics, logger, now, falseAlarmsPerWeek } = parts;
  const watched = new Map<string, Watched>();
  let queue: Waiting[] = [];
  let waiting = 0;
  let isWorking = false;

  const work = (): void => {
    let left = TURN;
    while (queue.length > 0 && left > 0) {
      const one = queue[0];
      one.columns ??= one.own.read(one.predictions);
      const { columns } = one;
      const end = Math.min(one.at + left, one.predictions.frame.rows);
      const values = new Float64Array(columns.length);
      for (; one.at < end; one.at++) {
        for (let feature = 0; feature < columns.length; feature++) values[feature] = columns[feature][one.at];
        one.own.monitor.add(values, now());
        left--;
        waiting--;
      }
      if (one.at >= one.predictions.frame.rows) queue.shift();
    }
    isWorking = queue.length > 0;
    if (isWorking) setImmediate(work);
  };
  return {
    answered(bundle, predictions) {
      const own = watched.get(bundle.task.name);
      const { rows } = predictions.frame;
      if (own?.version !== bundle.version.version || rows === 0 || waiting + rows > MOST_WAITING) return;
      queue.push({ own, predictions, at: 0 });
      waiting += rows;
      if (isWorking) return;
      isWorking = true;
      setImmediate(work);
    },
    async watch(bundles) {
      for (const bundle of bundles) {
        const task = bundle.task.name;
        if (watched.get(task)?.version === bundle.version.version) continue;
        const { features, read } = await featuresOf(bundle);
        const labels = { 'foresell.workspace': name, 'foresell.task': task };
        const monitor = createDriftMonitor({
          features,
          startMs: now(),
          falseAlarmsPerWeek: falseAlarmsPerWeek / bundles.length,
          onAlarm({ feature, detector, psi, shift }) {
            metrics.record('foresell.drift.alarms', 1, { ...labels, 'foresell.detector': detector });
            logger.warn('a feature or score no longer looks as it did in training', {
              ...{ task, feature, detector, shift },
              ...(Number.isFinite(psi) && { psi }),
            });
          },
        });
        queue = queue.filter(({ own }) => own !== watched.get(task));
        waiting = queue.reduce((sum, { predictions, at }) => sum + predictions.frame.rows - at, 0);
        watched.set(task, { version: bundle.version.version, monitor, read });
      }
    },
    look() {
      for (const [task, { monitor }] of watched) {
        monitor.advance(now());
        const labels = { 'foresell.workspace': name, 'foresell.task': task };
        let active = 0;
        for (const { feature, psi, sinceMs } of monitor.status()) {
          if (sinceMs !== undefined) active++;
          if (Number.isFinite(psi))
            metrics.record('foresell.drift.psi', psi, { ...labels, 'foresell.feature': feature });
        }
        metrics.record('foresell.drift.active', active, labels);
      }
    },
  };
}

/** Numbers and categories of the rows that stand for everybody the model learned from, and what it says of those. */
async function featuresOf({ background, calibrated }: LoadedBundle) {
  const { frame } = background;
  const columns = frame.columns.filter(({ kind }) => kind === 'number' || kind === 'category');
  const levels = new Map(
    columns.map((column) => [
      column.name,
      column.kind === 'category' ? new Map(column.levels.map((level, code) => [level, code])) : undefined,
    ]),
  );
  const valuesOf = (column: Column | undefined, rows: number): ArrayLike<number> => {
    if (column?.kind === 'number') return column.values;
    if (column?.kind !== 'category') return new Float64Array(rows).fill(Number.NaN);
    const known = levels.get(column.name);
    const numbers = column.levels.map((level) => known?.get(level) ?? known?.size ?? 0);
    return Float64Array.from(column.codes, (code) => (code < 0 ? Number.NaN : numbers[code]));
  };
  const scores = (await forecast(calibrated, frame, new Float64Array(frame.rows))).value;
  return {
    features: [
      ...columns.map((column) => ({
        name: column.name,
        reference: referenceOf(valuesOf(column, frame.rows)),
      })),
      { name: SCORE, reference: referenceOf(scores) },
    ],
    read(predictions: Predictions): readonly ArrayLike<number>[] {
      const { frame: asked, forecast: answered } = predictions;
      const byName = new Map(asked.columns.map((column) => [column.name, column]));
      return [...columns.map(({ name }) => valuesOf(byName.get(name), asked.rows)), answered.value];
    },
  };
}
