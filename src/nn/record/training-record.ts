// What a training run writes down as it goes: each record into metrics.ndjson and into TensorBoard's event file.
import { join } from 'node:path';
import { type MetricsRecord, openMetricsLog } from './metrics-log.ts';
import { openEventFile } from './tensorboard.ts';

/** Both logs of a run; close it. */
export interface TrainingRecord {
  /** The last step of the metrics log, if it holds any. */
  lastStep(): number | undefined;
  /** One line in metrics.ndjson and, for every number in it, one scalar in the event file. */
  write(record: MetricsRecord): void;
  /** Call before a checkpoint is saved, so that no record of a step before it can be lost. */
  flush(): void;
  close(): void;
}

export interface TrainingRecordOptions {
  /** Milliseconds since 1970, as `Date.now` gives them. */
  readonly now: () => number;
  /** The step of the checkpoint that is resumed: both logs are cut back to it. */
  readonly resumeStep?: number;
}

/** Opens the logs of the run in `folder`. */
export function openTrainingRecord(folder: string, options: TrainingRecordOptions): TrainingRecord {
  const metrics = openMetricsLog(join(folder, 'metrics.ndjson'), options.resumeStep);
  const events = openEventFile(folder, options);
  return {
    lastStep: metrics.lastStep,
    write(record) {
      metrics.write(record);
      const scalars = Object.entries(record).filter(
        (entry): entry is [string, number] => entry[0] !== 'step' && typeof entry[1] === 'number',
      );
      if (scalars.length > 0) events.writeScalars(record.step, Object.fromEntries(scalars));
    },
    flush() {
      metrics.flush();
      events.flush();
    },
    close() {
      metrics.close();
      events.close();
    },
  };
}
