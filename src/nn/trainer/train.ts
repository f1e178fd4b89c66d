// The training loop, as a generator of events: steps, evaluations, checkpoints, until something says stop.

import { AppError } from '../../core/errors.ts';
import { silent } from '../../core/progress.ts';
import type { StateArrays } from '../optimiser/stored-parameter.ts';
import { scheduleOf } from '../step/training-settings.ts';
import { createTrainingStep } from '../step/training-step.ts';
import { copyValues, evaluated, evaluationRecord, isEvaluationDue, save, stepRecord } from './after-step.ts';
import { stepsOf } from './batches/batch-source.ts';
import { untilAborted } from './batches/until-aborted.ts';
import { isPatienceOver } from './early-stopping.ts';
import type { EvaluationEvent, StepEvent, StopReason, TrainingEvent } from './events.ts';
import { loopStateOf, startLoop } from './loop-state.ts';
import { identityOf } from './run-identity.ts';
import type { TrainOptions } from './train-options.ts';

/**
 * Trains until a limit, early stopping, the signal (also one that fires while a batch is waited for), or until the caller leaves the loop. With `files` it first takes up
 * the latest checkpoint there; what follows is bit for bit what the run would have done had it never stopped, given
 * the same settings, data and thread count.
 *
 * @throws AppError BUSY when another run trains in the folder; DIVERGED or BAD_DATA naming the first tensor that is not finite; USAGE when the checkpoint is of
 *   another seed, model or setting (limits may differ), or scores are waited for that nothing gives
 */
export async function* train(options: TrainOptions): AsyncGenerator<TrainingEvent, void> {
  const { files, progress = silent, signal, now = wallClock, accumulate = 1, recordEvery = 10 } = options;
  const { limits = {}, earlyStopping, around = (step) => step } = options;
  requireScores(options);
  const run = around(createTrainingStep(options));
  const startedMs = now();
  try {
    files?.hold();
    const warn = (line: string) => progress.note(line);
    const saved = files?.latest(warn);
    const identity = files === undefined ? undefined : await identityOf(options);
    let state =
      saved === undefined || identity === undefined
        ? startLoop(options, identity)
        : loopStateOf(saved.loop, options, identity);
    if (saved !== undefined) run.restore(saved.arrays as StateArrays);
    // Only now: it cuts the logs back to the checkpoint, and a run that is refused must leave them as they were.
    files?.open(saved?.step);
    const rateOf = scheduleOf(options.schedule);
    let best: Readonly<Record<string, Float32Array>> | undefined;

    const stopReason = (): StopReason | undefined => {
      if (earlyStopping !== undefined && isPatienceOver(state.stopping, earlyStopping))
        return 'early-stopping';
      if (run.steps >= (limits.steps ?? Number.POSITIVE_INFINITY)) return 'steps';
      if (state.epoch >= (limits.epochs ?? Number.POSITIVE_INFINITY)) return 'epochs';
      if (signal?.aborted) return 'aborted';
      if ((now() - startedMs) / 1000 >= (limits.seconds ?? Number.POSITIVE_INFINITY)) return 'seconds';
      return undefined;
    };

    let reason = stopReason();
    let keptStep = run.steps;
    while (reason === undefined) {
      const { epoch } = state;
      let beforeMs = now();
      for await (const { group, isLast } of untilAborted(
        stepsOf(options.batches, state, accumulate),
        signal,
      )) {
        const learningRate = state.plateau?.rate ?? rateOf(run.steps);
        const result = await run.step(group, { epoch, learningRate });
        const afterMs = now();
        const examplesPerSecond = (1000 * result.examples) / Math.max(afterMs - beforeMs, 1e-3);
        const event: StepEvent = { kind: 'step', epoch, ...result, examplesPerSecond };
        const step = run.steps;
        if (step % recordEvery === 0) files?.write(stepRecord(event, (afterMs - startedMs) / 1000));
        progress.step({ task: 'training', done: step, total: limits.steps, unit: 'steps' });
        yield event;

        // One place a step where the loop's state moves on: what is saved after it is all of this step and none of the next.
        let evaluation: EvaluationEvent | undefined;
        if (isEvaluationDue(options, step, isLast)) {
          ({ state, evaluation } = await evaluated(run, state, options));
          files?.write(evaluationRecord(evaluation));
          if (evaluation.isBest && files === undefined) best = await copyValues(run, options);
        }
        state = isLast
          ? { ...state, epoch: epoch + 1, position: 0 }
          : { ...state, position: state.position + group.length };
        reason = stopReason();
        const isDue = options.checkpointEvery === undefined ? isLast : step % options.checkpointEvery === 0;
        const path =
          evaluation?.isBest || isDue || reason !== undefined ? save(run, state, files) : undefined;

        if (evaluation !== undefined) yield evaluation;
        if (path !== undefined) yield { kind: 'checkpoint', step, path };
        if (isLast) yield { kind: 'epoch', step, epoch };
        if (path !== undefined) keptStep = step;
        if (reason !== undefined) break;
        beforeMs = now();
      }
      if (reason === undefined && signal?.aborted) {
        // The signal fired while a batch was waited for: nothing has moved since the last step.
        reason = 'aborted';
        const path = run.steps === keptStep ? undefined : save(run, state, files);
        if (path !== undefined) yield { kind: 'checkpoint', step: run.steps, path };
      }
    }

    const step = run.steps;
    const { bestStep } = state.stopping;
    if (files !== undefined && bestStep !== undefined && bestStep !== step) {
      const found = files.best(warn);
      if (found !== undefined) run.restore(found.arrays as StateArrays);
    }
    const values = best ?? (await copyValues(run, options));
    yield { kind: 'stopped', step, reason, ...(bestStep === undefined ? {} : { bestStep }), values };
  } finally {
    files?.close();
    await run.close();
  }
}

/** What waits for a better score must be given scores. */
function requireScores({ validation, evaluate, earlyStopping, schedule, evaluations }: TrainOptions): void {
  const waits = earlyStopping !== undefined || schedule.kind === 'plateau';
  if (waits && validation === undefined && evaluate === undefined)
    throw new AppError(
      'USAGE',
      'early stopping and a plateau schedule need scores: give validation batches or evaluate',
    );
  if (validation !== undefined && evaluate === undefined && !evaluations?.length)
    throw new AppError(
      'USAGE',
      'expected an evaluation program for the validation batches, got none; compileEvaluation makes one',
    );
}

const wallClock = (): number => performance.timeOrigin + performance.now();
