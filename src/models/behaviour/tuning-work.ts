// What a run of fine-tuning goes through: programs, and batches of labelled rows, of trunk and head together or of the head alone.

import type { Sequences } from '../../core/sequences.ts';
import type { ParameterSpec } from '../../nn/module.ts';
import { compileEvaluation, type EvaluationProgram } from '../../nn/program/evaluation-program.ts';
import { compileTraining, type TrainingProgram } from '../../nn/program/training-program.ts';
import type { BatchSource } from '../../nn/trainer/batches/batch-source.ts';
import { bucketedBatches, lengthBuckets } from '../../nn/trainer/batches/length-buckets.ts';
import { matrixRows } from '../../nn/trainer/batches/matrix-rows.ts';
import type { FitRun } from '../estimator.ts';
import type { Trunk } from '../sequence/neural/network.ts';
import { lengthSteps } from '../sequence/neural/settings.ts';
import type { Values } from '../sequence/neural/trained.ts';
import { historyFeeds } from './feeds.ts';
import { type HeadShape, headTuning, headTuningSpecs, tuning, tuningSpecs } from './head.ts';
import type { Method } from './methods.ts';
import type { LearnedTrunk } from './pretrain.ts';
import type { BehaviourSettings } from './settings.ts';
import { poolHistories, statePrograms } from './states.ts';

/** Labelled rows as the network reads them. */
export interface TuningRows {
  /** A row each, with the moment of asking. */
  readonly histories: Sequences;
  /** [rows, features] */
  readonly features: Float32Array;
  /** [rows, answers]; amounts in units of their mean. */
  readonly beginning: Float32Array;
  /** [rows] */
  readonly target: Float32Array;
  readonly weight: Float32Array;
}

export interface TuneTask {
  readonly method: Method;
  readonly trunk: LearnedTrunk;
  readonly settings: BehaviourSettings;
  readonly shape: HeadShape;
  readonly run: FitRun;
}

/** What a run of fine-tuning goes through. */
export interface Work {
  readonly programs: readonly TrainingProgram[];
  readonly parameters: readonly ParameterSpec[];
  readonly batches: Batches;
  readonly evaluations: readonly EvaluationProgram[];
  readonly validation: BatchSource | undefined;
}

export interface Batches extends BatchSource {
  readonly batchesPerEpoch: number;
}

/** Trunk and head together, a program a length. */
export function wholeWork(
  learn: TuningRows,
  heldOut: TuningRows | undefined,
  task: TuneTask & { readonly adapted: Trunk; readonly trainable: (name: string) => boolean },
): Work {
  const { adapted, trunk, settings, shape, run } = task;
  const { batch } = settings;
  const drafts = lengthSteps(settings.length).map((time) => ({
    objective: tuning(adapted, shape, { batch, time }),
    specs: tuningSpecs(trunk.plan, shape, { batch, time }),
  }));
  const trainable = (name: string): boolean => !name.startsWith('trunk.') || task.trainable(name);
  const compiled = drafts.map(({ objective, specs }) => compileTraining(objective, specs, { trainable }));
  const batchesOf = (rows: TuningRows, order: Order): Batches => {
    const { offsets } = rows.histories;
    const fill = historyFeeds(rows.histories, trunk.plan, batch);
    const lengths = Array.from(rows.target.keys(), (row) => offsets[row + 1] - offsets[row]);
    return labelledBatches(rows, { ...order, batch, lengths, buckets: lengthSteps(settings.length), fill });
  };
  return {
    programs: compiled.map(({ program }) => program),
    parameters: compiled[0].parameters,
    batches: batchesOf(learn, { seed: run.seed }),
    evaluations: heldOut ? drafts.map(({ objective, specs }) => compileEvaluation(objective, specs)) : [],
    validation: heldOut && batchesOf(heldOut, { seed: 0, shuffle: false }),
  };
}

/** The head alone, on states asked for once. */
export async function headWork(
  learn: TuningRows,
  heldOut: TuningRows | undefined,
  task: TuneTask & { readonly adapted: Trunk; readonly values: Values },
): Promise<Work> {
  const { adapted, trunk, settings, shape, run, values } = task;
  const { batch } = settings;
  const states = 2 * settings.width;
  const objective = headTuning(shape);
  const specs = headTuningSpecs(shape, { batch, states });
  const by = { trunk: adapted, plan: trunk.plan, length: settings.length, width: settings.width };
  const programs = statePrograms(by);
  const batchesOf = async (rows: TuningRows, order: Order): Promise<Batches> => {
    const pooled = await poolHistories(rows.histories, { ...by, values, threads: run.threads }, programs);
    const fill = (chosen: ArrayLike<number>) => ({
      states: matrixRows(pooled, chosen, { batch, width: states }),
    });
    const lengths = new Uint8Array(rows.target.length).fill(1);
    return labelledBatches(rows, { ...order, batch, lengths, buckets: [1], fill });
  };
  const { program, parameters } = compileTraining(objective, specs);
  return {
    programs: [program],
    parameters,
    batches: await batchesOf(learn, { seed: run.seed }),
    evaluations: heldOut ? [compileEvaluation(objective, specs)] : [],
    validation: heldOut && (await batchesOf(heldOut, { seed: 0, shuffle: false })),
  };
}

interface Order {
  readonly seed: number;
  readonly shuffle?: boolean;
}

interface Labelled extends Order {
  readonly batch: number;
  readonly lengths: ArrayLike<number>;
  readonly buckets: readonly number[];
  /** Arrays of what is read, for the rows chosen. */
  readonly fill: (rows: ArrayLike<number>, time: number) => Record<string, Int32Array | Float32Array>;
}

function labelledBatches(
  { features, beginning, target, weight }: TuningRows,
  { batch, lengths, buckets, fill, seed, shuffle = true }: Labelled,
): Batches {
  const planned = lengthBuckets(lengths, { buckets, batchSize: batch, seed, shuffle });
  const widthOf = (values: Float32Array): number => values.length / target.length;
  return {
    batchesPerEpoch: planned.batchesPerEpoch,
    ...bucketedBatches(planned, ({ rows, weights, length: time }) => {
      const of = (values: Float32Array) => matrixRows(values, rows, { batch, width: widthOf(values) });
      return {
        ...fill(rows, time),
        ...{ features: of(features), beginning: of(beginning), target: of(target) },
        weight: of(weight).map((value, r) => value * weights[r]),
      };
    }),
  };
}
