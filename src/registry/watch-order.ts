// Whether the version that answers is still to be watched: it was promoted a short time ago, without a trial, in another's place.
import { join } from 'node:path';
import { checkTask } from './names.ts';
import { readHistory, standing } from './pointer.ts';
import { type EndedRollout, type RolloutOrder, readRollout, takenBack } from './rollout.ts';
import { DEFAULT_ROLLOUT_LIMITS } from './rollout-limits.ts';

export interface WatchOrder extends Omit<RolloutOrder, 'mode' | 'promoteAfterMs'> {
  readonly mode: 'watch';
  /** The version that answered before, and does again where this one breaks a limit. */
  readonly before: string;
  /** UTC ms. */
  readonly endsMs: number;
}

/**
 * What the files say is to be watched: no order is written, so that however a version was promoted, and whether or not a
 * server ran then, it is watched from that moment for its time.
 *
 * A version that was taken back and is promoted again by somebody is left alone, unless they say how it is to be watched.
 *
 * @param forMs where the promotion names no time; 0 for not at all
 * @returns also one whose time is over but whose end was not written down; undefined where there is none
 * @throws AppError BAD_FILE, VERSION
 */
export function readWatch(modelsDir: string, task: string, forMs: number): WatchOrder | undefined {
  const history = readHistory(join(modelsDir, checkTask(task)));
  const step = history.at(-1);
  const before = standing(history).at(-2);
  if (step?.action !== 'promote' || !before || before.digest === step.digest) return undefined;
  const span = step.watch?.forMs ?? forMs;
  if (span <= 0) return undefined;
  const { version, digest, atMs, watch } = step;
  const salt = `watch ${atMs} ${version}`;
  const { ended } = readRollout(modelsDir, task);
  if (ended.some((end) => end.salt === salt)) return undefined;
  if (takenBack(ended, digest) && watch === undefined) return undefined;
  return {
    ...{ mode: 'watch', version, digest, share: 1, salt, startedMs: atMs, endsMs: atMs + span },
    ...{ before: before.version, limits: watch?.limits ?? DEFAULT_ROLLOUT_LIMITS },
  };
}

export const endOfWatch = (
  { mode, version, digest, share, salt, startedMs }: WatchOrder,
  how: Pick<EndedRollout, 'outcome' | 'endedMs' | 'reason' | 'said'>,
): EndedRollout => ({ mode, version, digest, share, salt, startedMs, ...how });
