// Where a run stands, apart from its arrays: what a checkpoint holds of the loop.

import { isRecord, type Json } from '../../core/canonical-json.ts';
import { AppError } from '../../core/errors.ts';
import { type PlateauState, startPlateau } from '../plateau.ts';
import type { ScheduleSettings } from '../step/training-settings.ts';
import { type EarlyStoppingState, NOT_WAITED } from './early-stopping.ts';
import { type RunIdentity, requireSameRun } from './run-identity.ts';

export interface LoopState {
  readonly seed: number;
  readonly epoch: number;
  /** Batches of the epoch already taken. */
  readonly position: number;
  readonly stopping: EarlyStoppingState;
  /** With a plateau schedule. */
  readonly plateau?: PlateauState;
  /** Of what is kept in files. */
  readonly run?: RunIdentity;
}

interface LoopSettings {
  readonly seed: number;
  readonly schedule: ScheduleSettings;
}

/** @param run of a run that is kept in files */
export function startLoop({ seed, schedule }: LoopSettings, run?: RunIdentity): LoopState {
  const begun: LoopState = {
    ...{ seed, epoch: 0, position: 0, stopping: NOT_WAITED },
    ...(run === undefined ? {} : { run }),
  };
  return schedule.kind === 'plateau' ? { ...begun, plateau: startPlateau(schedule.rate) } : begun;
}

/**
 * @throws AppError BAD_FILE when `saved` is no loop's state; USAGE when it is of a run with another seed, model or
 *   setting, which could not go on as it was; VERSION when it does not say
 */
export function loopStateOf(saved: Json, { seed, schedule }: LoopSettings, run: RunIdentity): LoopState {
  if (!isRecord(saved) || typeof saved.epoch !== 'number' || typeof saved.position !== 'number')
    throw new AppError(
      'BAD_FILE',
      'the checkpoint holds no state of a training loop; train in another folder',
    );
  const state = saved as unknown as LoopState;
  if (state.seed !== seed)
    throw new AppError(
      'USAGE',
      `expected seed ${state.seed}, with which the checkpoint was made, got ${seed}; train in another folder`,
    );
  if ((state.plateau !== undefined) !== (schedule.kind === 'plateau'))
    throw new AppError(
      'USAGE',
      `the checkpoint was made ${state.plateau === undefined ? 'without' : 'with'} a plateau schedule; train in another folder`,
    );
  requireSameRun(state.run, run);
  return state;
}

/** The state as a checkpoint holds it. */
export const savedLoop = (state: LoopState): Json => state as unknown as Json;
