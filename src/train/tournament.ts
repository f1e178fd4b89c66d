// Everything tried for one question, best first: candidates, then settings and bags of the best, then blends of them all.
import type { RowMetricName } from '../eval/metrics/metric.ts';
import type { EnsembleKind } from '../models/ensemble/mixing.ts';
import type { Estimator } from '../models/estimator.ts';
import type { Refusal } from './attempts.ts';
import { blendTrials } from './blends.ts';
import { type RankedTrial, rankTrials } from './choose.ts';
import type { Preset, PresetName } from './preset.ts';
import type { Samples } from './samples.ts';
import { calibrationSample, runTrials, type Trial, type TrialRun } from './trials.ts';
import { repeatedEstimator, repeatedSettings, type Searches, tuneTrials } from './tune.ts';

/** What a run leaves behind of what it tried: given again, it repeats to the byte, without a clock. */
export interface Tried {
  /** Ids in the order they were tried, blends last. */
  readonly trials: readonly string[];
  readonly searches: Searches;
}

/** The same in a saved version, beside the preset it came from. */
export interface Recorded extends Tried {
  /** Whether the model that answers had learned from the calibration period, too. */
  readonly again?: boolean;
  readonly preset?: PresetName;
  /** Version of the trunk behaviour models built on; absent where each learned its own. */
  readonly trunk?: string;
}

export interface TournamentOptions {
  readonly candidates: readonly Estimator[];
  readonly preset: Preset;
  readonly blends: readonly EnsembleKind[];
  /** Searches recorded by the run that is repeated; nothing is searched or bagged that it does not name. */
  readonly repeated?: Searches;
  /** Of the task, the first decides. */
  readonly metrics: readonly RowMetricName[];
  readonly run: TrialRun;
}

export interface Tournament extends Tried {
  /** Best first, baselines among them. */
  readonly ranked: readonly RankedTrial[];
  readonly refused: readonly Refusal[];
}

/** @throws AppError INTERRUPTED */
export async function holdTournament(samples: Samples, options: TournamentOptions): Promise<Tournament> {
  const { preset, blends, repeated, metrics, run } = options;
  const sample = calibrationSample(samples);
  const known = new Map<Trial, RankedTrial>();
  const rank = (trials: readonly Trial[]) => {
    const ranked = rankTrials(
      trials.map((trial) => known.get(trial) ?? trial),
      sample,
      { metrics, seed: run.seed },
    );
    for (const trial of trials) {
      const own = ranked.find(({ model }) => model === trial.model);
      if (own) known.set(trial, own);
    }
    return ranked;
  };
  const isBetter = (trial: Trial, than: Trial) => {
    const own = { ...trial, estimator: { ...trial.estimator, id: `${than.estimator.id}, told` } };
    return rank([than, own])[0].model === trial.model;
  };
  const first = await runTrials(samples, options.candidates, run);
  const refused = [...first.refused];
  let trials: readonly Trial[] = first.trials;
  let searches = repeated ?? {};
  if (repeated) {
    trials = trials.map((trial) => ({ ...trial, ...repeatedSettings(trial.estimator.id, repeated) }));
  } else if (preset.searched > 0 || preset.bagged > 0) {
    const tuned = await tuneTrials(trials, rank(trials), { samples, preset, run, isBetter });
    ({ trials, searches } = tuned);
    refused.push(...tuned.refused);
  }
  const blended = blends.length > 0 ? await blendTrials(rank(trials), samples, { run, wanted: blends }) : [];
  const all = [...trials, ...blended];
  return { ranked: rank(all), refused, trials: all.map(({ estimator }) => estimator.id), searches };
}

/** The candidates of a run that is repeated, told what its searches had found. */
export const repeatedCandidates = (ids: readonly string[], searches: Searches): readonly Estimator[] =>
  ids.map((id) => repeatedEstimator(id, searches));
