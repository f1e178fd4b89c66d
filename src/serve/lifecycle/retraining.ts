// Models trained anew while the server answers: when it is time, one task after the other, by a trainer that is handed in.
import type { ZoneOffsets } from '../../core/time.ts';
import { addRetraining, readRetraining } from '../../registry/retraining-record.ts';
import { readRollout } from '../../registry/rollout.ts';
import { listVersions } from '../../registry/versions.ts';
import { nextMoment, type Schedule } from './schedule.ts';

/** What a training came to; it has put its version into service already where it should be. */
export interface RetrainingOutcome {
  readonly verdict: 'accepted' | 'kept' | 'unchanged';
  readonly reason: string;
  readonly said: string;
  readonly version: string | null;
  readonly service: string | null;
}

/** Trains a task elsewhere, so that this process goes on answering. @throws AppError when it fails; INTERRUPTED */
export type Trainer = (task: string, signal: AbortSignal) => Promise<RetrainingOutcome>;

/** Hears of trainings; cheap, synchronous, never throws. */
export interface RetrainingObserver {
  began(task: string): void;
  trained(task: string, outcome: RetrainingOutcome, durationMs: number): void;
  failed(task: string, error: unknown, durationMs: number): void;
}

export interface RetrainingParts {
  readonly modelsDir: string;
  /** Those that are trained anew. */
  readonly tasks: () => readonly string[];
  readonly schedule: Schedule;
  readonly zone: ZoneOffsets;
  readonly trainer: Trainer;
  /** Brings what came into the lake, where training finds it. */
  readonly settle: () => Promise<void>;
  /** UTC ms. */
  readonly now: () => number;
  readonly observer: RetrainingObserver;
}

export interface Retraining {
  /** Trains what is due, one after the other; never throws for a training that fails. */
  tick(): Promise<void>;
  /** The training under way is stopped. */
  close(): Promise<void>;
}

/**
 * A task is due when its time has come since it was trained last, or since that was tried last: a failure is written down, and tried again at
 * the next time. While one of its versions is on trial it is not trained: it would end that trial.
 */
export function openRetraining(parts: RetrainingParts): Retraining {
  const { modelsDir, tasks, schedule, zone, trainer, settle, now, observer } = parts;
  const ending = new AbortController();
  let underWay: Promise<void> | undefined;

  const isDue = (task: string): boolean => {
    if (readRollout(modelsDir, task).current) return false;
    const trained = listVersions(modelsDir, task).versions.map(({ createdMs }) => createdMs);
    const tried = readRetraining(modelsDir, task).map(({ atMs }) => atMs);
    const known = [...trained, ...tried].filter((ms) => !Number.isNaN(ms));
    return known.length > 0 && nextMoment(schedule, Math.max(...known), zone) <= now();
  };
  const train = async (task: string): Promise<void> => {
    const startMs = now();
    observer.began(task);
    try {
      const outcome = await trainer(task, ending.signal);
      observer.trained(task, outcome, now() - startMs);
    } catch (error) {
      observer.failed(task, error, now() - startMs);
      // Stopped with the server: it begins again with it.
      if (ending.signal.aborted) return;
      addRetraining(modelsDir, task, {
        ...{ atMs: now(), verdict: 'failed', reason: 'failed' },
        said: error instanceof Error ? error.message : 'it ended without a reason',
        ...{ version: null, incumbent: null, service: null },
      });
    }
  };
  const trainDue = async (): Promise<void> => {
    const due = tasks().filter(isDue);
    if (due.length === 0) return;
    await settle();
    for (const task of due) if (!ending.signal.aborted) await train(task);
  };
  return {
    tick() {
      if (ending.signal.aborted) return Promise.resolve();
      underWay ??= trainDue().finally(() => {
        underWay = undefined;
      });
      return underWay;
    },
    async close() {
      ending.abort();
      await underWay?.catch(() => undefined);
    },
  };
}
