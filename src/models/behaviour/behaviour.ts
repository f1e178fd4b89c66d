// The behaviour transformer as an estimator of a shop's questions: pretrained on what was done, fine-tuned to what is asked.
import { throwIfAborted } from '../../core/errors.ts';
import type { Estimator, FitRun, Model, Sample, Settings } from '../estimator.ts';
import { hasUsableColumn } from '../linear/linear.ts';
import { clampToRate } from '../link.ts';
import { unitWeights, weightedMean } from '../sample.ts';
import { fewerRows, splitWatched } from '../watched-rows.ts';
import { logSigmoid } from '../whether-and-amount.ts';
import { type Beginning, beginningMargins, encodedFeatures, fitBeginning } from './beginning.ts';
import { answersOf, behaviourModel, eventsOf, expectedLog, loadBehaviour } from './behaviour-model.ts';
import type { BehaviourParts } from './behaviour-parts.ts';
import { expectedSeconds } from './cost.ts';
import type { HeadShape } from './head.ts';
import { historiesOf, learnVocabulary, missingEvents } from './histories.ts';
import { FULL, type Method, OTHER_METHODS } from './methods.ts';
import { pastHistories } from './past-histories.ts';
import { type LearnedTrunk, pretrainTrunk } from './pretrain.ts';
import {
  BEHAVIOUR_DEFAULTS,
  BEHAVIOUR_SPACE,
  type BehaviourSettings,
  behaviourSettings,
  trunkSettings,
} from './settings.ts';
import { tune } from './tune.ts';
import type { TuningRows } from './tuning-work.ts';

/** What a fit may be handed beside the data. */
export interface BehaviourFitParts {
  /** A trunk learned before, elsewhere or from more than the training rows say. */
  readonly pretrained?: LearnedTrunk;
}

/** One that may be handed a trunk instead of learning its own in each fit. */
export interface BehaviourEstimator extends Estimator {
  readonly withTrunk: (pretrained: LearnedTrunk) => BehaviourEstimator;
}

/** The same estimator on a trunk learned before, where it is one that has any use for it. */
export const onTrunk = (estimator: Estimator, pretrained: LearnedTrunk): Estimator =>
  'withTrunk' in estimator ? (estimator as BehaviourEstimator).withTrunk(pretrained) : estimator;

/** The estimator of a method, told some settings. @throws AppError USAGE */
export function behaviourEstimator(
  method: Method,
  told: Settings = {},
  parts: BehaviourFitParts = {},
): BehaviourEstimator {
  const settings = behaviourSettings(method.id, told);
  return {
    id: method.id,
    label: method.label,
    role: 'model',
    readsEvents: true,
    refuses(question, frame) {
      if (question.kind === 'classes') return 'it answers yes-or-no questions and amounts';
      if (!hasUsableColumn(frame)) return 'needs at least one number or category column';
      return missingEvents(frame);
    },
    space: BEHAVIOUR_SPACE,
    settings: () => BEHAVIOUR_DEFAULTS,
    withSettings: (changes) => behaviourEstimator(method, { ...told, ...changes }, parts),
    withTrunk: (pretrained) => behaviourEstimator(method, told, { ...parts, pretrained }),
    seconds: (train) =>
      expectedSeconds(train, { method, settings, hasTrunk: parts.pretrained !== undefined }),
    fit: (train, valid, run) => fitBehaviour(train, valid, { method, settings, parts, run }),
    load: (saved) => loadBehaviour(method, saved),
  };
}

/** Fully fine-tuned: `transformer`. */
export const behaviourTransformer = behaviourEstimator(FULL);

/** `transformer:lora` and the others, by method. */
export const fineTuned: readonly Estimator[] = OTHER_METHODS.map((method) => behaviourEstimator(method));

interface FitTask {
  readonly method: Method;
  readonly settings: BehaviourSettings;
  readonly parts: BehaviourFitParts;
  readonly run: FitRun;
}

async function fitBehaviour(train: Sample, valid: Sample | undefined, task: FitTask): Promise<Model> {
  const { method, settings, parts, run } = task;
  throwIfAborted(run.signal);
  const { taught, watched } = splitWatched(train, valid, run.seed);
  const beginning = await fitBeginning(method.id, taught, run);
  const learn = fewerRows(taught, settings.mostRows, run.seed);
  const watch = watched && fewerRows(watched, settings.mostRows, run.seed);
  // What is to be compared with pretraining takes only the words of a trunk handed in, not what it learned.
  const given = parts.pretrained && (method.isPretrained ? parts.pretrained : wordsOf(parts.pretrained));
  const trunk = given ?? (await ownTrunk(learn, task));
  const own: BehaviourSettings = { ...settings, ...sizesOf(trunk) };
  const scale = scaleOf(learn);
  const shape: HeadShape = {
    features: beginning[0].design.width,
    answers: beginning.length,
    hidden: settings.hidden,
    dropout: settings.dropout,
  };
  const rowsOf = (sample: Sample): TuningRows =>
    tuningRows(sample, { trunk, beginning, settings: own, scale });
  const watchRows = watch && rowsOf(watch);
  const tuned = await tune(rowsOf(learn), watchRows, { method, trunk, settings: own, shape, run });
  const isWorth =
    learn.target.some((y) => y !== learn.target[0]) && !isNoBetter(tuned.heldOutLoss, watchRows);
  const values = isWorth ? tuned.values : silenced(tuned.values);
  const draft: BehaviourParts = {
    ...{
      question: train.question,
      settings: own,
      beginning,
      values,
      level: 0,
      events: eventsOf(train.frame),
    },
    trunk: { vocabulary: trunk.vocabulary, plan: trunk.plan, settings: trunk.settings },
  };
  const level = train.question.kind === 'amount' ? await levelOf(learn, method, draft) : 0;
  run.progress.step({ task: `${method.id}: fine-tuning`, done: 1, total: 1 });
  return behaviourModel(method, { ...draft, level }, run.threads);
}

const wordsOf = ({ vocabulary, plan, settings }: LearnedTrunk): LearnedTrunk => ({
  ...{ vocabulary, plan, settings },
  values: {},
});

/** The width and depth a trunk handed in has, whatever is asked. */
const sizesOf = ({ settings: { width, blocks, heads, length } }: LearnedTrunk) => ({
  width,
  blocks,
  heads,
  length,
});

/** A trunk learned from the newest row of each customer learned from; as it was drawn, where the method asks for that. */
async function ownTrunk(learn: Sample, { method, settings, run }: FitTask): Promise<LearnedTrunk> {
  const vocabulary = learnVocabulary(learn.frame);
  const past = pastHistories(learn.frame, vocabulary, { rows: newestRows(learn), most: settings.length });
  const { trunk } = await pretrainTrunk(past.histories, {
    agesMs: past.agesMs,
    ...{ id: method.id, vocabulary, settings: trunkSettings(settings), run },
    steps: method.isPretrained ? settings.pretrainSteps : 0,
    epochs: settings.pretrainEpochs,
  });
  return trunk;
}

function newestRows({ entities, asOf }: Sample): number[] {
  const newest = new Map<string, number>();
  entities.forEach((entity, row) => {
    const known = newest.get(entity);
    if (known === undefined || asOf[row] > asOf[known]) newest.set(entity, row);
  });
  return [...newest.values()];
}

/** What targets are divided by and cut at: amounts by the mean of those above zero, a few of the largest pulled in. */
interface Scale {
  readonly unit: number;
  readonly cap: number;
}

/** Largest amounts beyond this share of the positive ones are pulled in for the shape; the level is restored after. */
const CAP_SHARE = 0.995;

function scaleOf({ question, target }: Sample): Scale {
  if (question.kind !== 'amount') return { unit: 1, cap: 1 };
  const positive = target.filter((amount) => amount > 0).sort();
  const cap = positive.length > 0 ? positive[Math.ceil(CAP_SHARE * (positive.length - 1))] : 1;
  const sum = positive.reduce((total, amount) => total + Math.min(cap, amount), 0);
  return { unit: positive.length > 0 ? sum / positive.length : 1, cap };
}

interface RowParts {
  readonly trunk: LearnedTrunk;
  readonly beginning: Beginning;
  readonly settings: BehaviourSettings;
  readonly scale: Scale;
}

function tuningRows(sample: Sample, { trunk, beginning, settings, scale }: RowParts): TuningRows {
  const { frame, question, target } = sample;
  const { smoothing, balance, length } = settings;
  const weight = unitWeights(sample);
  const rate = clampToRate(
    weightedMean(
      target.map((y) => Number(y > 0)),
      weight,
    ),
    target.length,
  );
  // Outcomes that weigh more are met as more likely than they are: the beginning moves along, and answers stay where they were.
  const tilt = question.kind === 'binary' ? balance * Math.log((1 - rate) / rate) : 0;
  const margins = beginningMargins(beginning, frame);
  const parts = beginning.length;
  return {
    histories: historiesOf(frame, trunk.vocabulary, length),
    features: encodedFeatures(beginning, frame),
    beginning: Float32Array.from(margins, (margin, i) =>
      i % parts === 0 ? margin + tilt : margin - Math.log(scale.unit),
    ),
    target: Float32Array.from(target, (y) =>
      question.kind === 'binary'
        ? smoothing + (1 - 2 * smoothing) * y
        : Math.max(0, Math.min(scale.cap, y)) / scale.unit,
    ),
    weight: Float32Array.from(weight, (own, row) => (target[row] > 0 ? own * Math.exp(tilt) : own)),
  };
}

/** Whether held-out customers are told no better by the network than by what it began with. */
function isNoBetter(heldOutLoss: number | undefined, watched: TuningRows | undefined): boolean {
  if (heldOutLoss === undefined || watched === undefined) return false;
  return heldOutLoss >= beginningLoss(watched);
}

/** The loss of `tuning` where the head adds nothing. */
function beginningLoss({ beginning, target, weight }: TuningRows): number {
  const parts = beginning.length / target.length;
  let [sum, total] = [0, 0];
  target.forEach((y, row) => {
    const logit = beginning[row * parts];
    const asked = parts === 1 ? y : Number(y > 0);
    let loss = -asked * logSigmoid(logit) - (1 - asked) * logSigmoid(-logit);
    if (parts === 2 && y > 0) {
      const logAmount = beginning[row * parts + 1];
      loss += y * Math.exp(-logAmount) + logAmount;
    }
    sum += weight[row] * loss;
    total += weight[row];
  });
  return sum / total;
}

/** A head that adds nothing: the features have the word alone. */
const silenced = (values: BehaviourParts['values']): BehaviourParts['values'] => ({
  ...values,
  'head.answer.weight': new Float32Array(values['head.answer.weight'].length),
  'head.answer.bias': new Float32Array(values['head.answer.bias'].length),
});

/** What brings the amounts of the rows learned from to their total, as a logarithm. */
async function levelOf(learn: Sample, method: Method, draft: BehaviourParts): Promise<number> {
  const weight = unitWeights(learn);
  const reached = expectedLog(await answersOf(method, draft, 1)(learn.frame)).map(Math.exp);
  return Math.log(weightedMean(learn.target, weight) / weightedMean(reached, weight));
}
