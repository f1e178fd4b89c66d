// Counts of texts and an encoder that also learn from texts nobody labelled, where that is seen to help: an estimator.
import { AppError, throwIfAborted } from '../../../core/errors.ts';
import { name } from '../../../core/name.ts';
import { loadEnsemble } from '../../ensemble/ensemble-model.ts';
import type { Estimator, FitRun, Model, Sample, SearchSpace, Settings } from '../../estimator.ts';
import { real, whole } from '../../sequence/neural/settings.ts';
import { tellSettings } from '../../sequence/told.ts';
import { readTopics, textGrams, textTopics } from '../grams/grams.ts';
import { FULL } from '../methods.ts';
import { type TextEstimator, type TextFitParts, textEstimator } from '../text-estimator.ts';
import { textColumns, textsOf } from '../texts.ts';
import { crossExamine, type Verdict } from './keep-or-leave.ts';
import {
  fewerUnlabelled,
  SELF_TAUGHT,
  type SelfTraining,
  students,
  teachers,
  together,
  voices,
} from './self-training.ts';

export interface SelfTaughtSettings extends Settings {
  /** Times pseudo-labels are given anew and learned from. */
  readonly rounds: number;
  /** How many of the surest pseudo-labels a label of a person is worth. */
  readonly labelWeight: number;
  /** Whether the encoder is fine-tuned on pseudo-labels, too: minutes where words take seconds. */
  readonly encoder: boolean;
  /** Unlabelled rows learned from at most, drawn by seed: each costs as much as a labelled one. */
  readonly mostUnlabelled: number;
  /** Parts of the labels, each held out once to see whether unlabelled rows help; 0: they are learned from unseen. */
  readonly folds: number;
}

export const SELF_TAUGHT_DEFAULTS: SelfTaughtSettings = {
  rounds: 1,
  labelWeight: 5,
  // an encoder taught so answered no better than one that kept to the labels
  encoder: false,
  mostUnlabelled: 10_000,
  folds: 3,
};

const BOUNDS: SearchSpace = {
  rounds: whole(1, 20),
  labelWeight: real(0.01, 1000),
  mostUnlabelled: whole(1, 10_000_000),
  folds: whole(0, 50),
};

/** Two folds leave half of the labels to each teacher; fewer labels than this are no judge. */
const FEWEST_JUDGES = 40;
const FEWEST_UNLABELLED = 20;

export interface SelfTaughtParts extends TextFitParts {
  /** The encoder's estimator, already told its settings; fine-tuned in full where left out. */
  readonly reader?: TextEstimator;
  /** Told what came of the examination, after each fit. */
  readonly onVerdict?: (verdict: Verdict) => void;
}

export interface SelfTaught extends Estimator {
  readonly withParts: (parts: Partial<SelfTaughtParts>) => SelfTaught;
}

/** @throws AppError USAGE for settings there are not */
export function selfTaught(told: Settings, parts: SelfTaughtParts): SelfTaught {
  const settings = tellSettings(SELF_TAUGHT, SELF_TAUGHT_DEFAULTS, BOUNDS, told);
  const reader = (parts.reader ?? textEstimator(FULL, {}, parts)).withParts(
    parts.encoder ? { encoder: parts.encoder } : {},
  );
  return {
    id: SELF_TAUGHT,
    label: name('Words and encoder, taught by unlabelled texts too', '词袋与编码器，并从未标注文本自学'),
    role: 'model',
    refuses(question, frame) {
      if (question.kind === 'amount') return 'guesses labels, and amounts have none';
      if (textColumns(frame).length === 0) return 'needs a text column';
      if ((parts.unlabelled?.frame.rows ?? 0) < FEWEST_UNLABELLED)
        return `needs at least ${FEWEST_UNLABELLED} rows without a target`;
      return reader.refuses(question, frame);
    },
    withSettings: (changes) => selfTaught({ ...told, ...changes }, parts),
    withParts: (more) => selfTaught(told, { ...parts, ...more }),
    fit: (train, valid, run) => fitSelfTaught(train, valid, { settings, reader, parts, run }),
    load: (saved) => loadEnsemble(SELF_TAUGHT, saved, parts.loadInner),
  };
}

interface FitTask {
  readonly settings: SelfTaughtSettings;
  readonly reader: Estimator;
  readonly parts: SelfTaughtParts;
  readonly run: FitRun;
}

async function fitSelfTaught(
  train: Sample,
  valid: Sample | undefined,
  { settings, reader, parts, run }: FitTask,
): Promise<Model> {
  throwIfAborted(run.signal);
  const { unlabelled } = parts;
  if (unlabelled === undefined)
    throw new AppError('USAGE', `"${SELF_TAUGHT}" needs rows without a target to learn from`);
  const { rounds, labelWeight, mostUnlabelled, folds, encoder } = settings;
  const open = fewerUnlabelled(unlabelled, mostUnlabelled, run.seed);
  const task: SelfTraining = {
    learners: [
      ...(await counters(train, { open, parts, run })).map((estimator) => ({ estimator, isTaught: true })),
      { estimator: reader, isTaught: encoder },
    ],
    unlabelled: open,
    ...{ rounds, labelWeight, run, heard: new WeakMap() },
    ...(valid && { valid }),
  };
  const verdict = folds === 0 ? undefined : await examined(train, task, settings);
  if (verdict) parts.onVerdict?.(verdict);
  const first = await teachers(train, task);
  const are = folds === 0 || verdict?.isKept ? 'students' : 'teachers';
  const models = are === 'students' ? await students(first, train, task) : first;
  // as sure together as they were seen to be right
  const scale = verdict?.temperature[are] ?? 1;
  return together(
    models,
    voices(task.learners, are).map((voice) => scale * voice),
    task,
  );
}

interface Counting {
  readonly open: Sample;
  readonly parts: SelfTaughtParts;
  readonly run: FitRun;
}

/** Those that count: what stands in the texts, what the texts are about by all of them, and other columns where there are any. */
async function counters(train: Sample, { open, parts, run }: Counting): Promise<readonly Estimator[]> {
  const columns = textColumns(train.frame);
  const texts = [train, open].flatMap(({ frame }) => textsOf(frame, columns));
  const topics = textTopics(await readTopics(texts, run));
  const isTextAlone = columns.length === train.frame.columns.length;
  return [isTextAlone ? textGrams : parts.words(train.question.kind), topics];
}

/** Counts alone are taught for the examination, seconds where an encoder takes minutes, and one run of the encoder stands for several. */
function examined(
  train: Sample,
  task: SelfTraining,
  { folds }: SelfTaughtSettings,
): Promise<Verdict | undefined> {
  if (train.frame.rows < FEWEST_JUDGES) return Promise.resolve(undefined);
  const counting = task.learners.slice(0, -1);
  const reader = task.learners[counting.length].estimator;
  const estimator = reader.withSettings?.({ members: 1 }) ?? reader;
  const quick = { ...task, learners: [...counting, { estimator, isTaught: false }] };
  return crossExamine(train, quick, { folds, seed: task.run.seed });
}
