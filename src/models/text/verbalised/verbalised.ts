// The plain recipe of the field: a history written as text and classified by a language model, a baseline for models that read events.
import { throwIfAborted } from '../../../core/errors.ts';
import { type Frame, makeFrame } from '../../../core/frame.ts';
import { name } from '../../../core/name.ts';
import { pretrainOwn } from '../../../encoders/own/pretrain-own.ts';
import type { TextEncoder } from '../../../encoders/text/text-encoder.ts';
import { nodeBackend } from '../../../tensor/session/session-node.ts';
import { missingEvents } from '../../behaviour/histories.ts';
import type { FitRun, Model, Sample, SavedModel } from '../../estimator.ts';
import { arraysOf, arraysUnder, headOf, type SavedHead } from '../../nested-model.ts';
import { asJson, readState, type SavedState } from '../../saved.ts';
import { FULL } from '../methods.ts';
import { type TextEstimator, type TextFitParts, textEstimator } from '../text-estimator.ts';
import { verbalise } from './verbalise.ts';

const ID = 'verbalised';
const FORMAT = 1;
/** Events told: about nine pieces each, and the encoder reads 256. */
const EVENTS = 24;
/** Histories are told in few words: a small encoder has room for them. */
const OWN = {
  width: 64,
  blocks: 2,
  heads: 2,
  length: 256,
  vocabulary: 4000,
  steps: 400,
  epochs: 6,
  batch: 16,
};
const TUNING = { steps: 600, mostRows: 6000, patience: 4, members: 1 };
/** Few rows are read again, until there are as many steps. */
const epochsOf = (rows: number): number => Math.max(3, Math.min(40, Math.round((16 * TUNING.steps) / rows)));

/** One encoder handed in, or one learned from the histories of the training rows. */
export function verbalised(parts: TextFitParts): TextEstimator {
  return {
    id: ID,
    label: name('History in words, read by a language model', '行为历史转成文字，由语言模型阅读'),
    role: 'model',
    readsEvents: true,
    refuses(question, frame) {
      if (question.kind !== 'binary') return 'it answers yes-or-no questions';
      return missingEvents(frame);
    },
    withParts: (more) => verbalised({ ...parts, ...more }),
    fit: (train, valid, run) => fitVerbalised(train, valid, { parts, run }),
    load: (saved) => {
      const state = readState<VerbalisedState>(saved, ID, FORMAT, ['reader', 'events']);
      const inner = parts.loadInner({ ...state.reader, arrays: arraysOf('reader', saved.arrays) });
      return verbalisedModel(inner, state.events);
    },
  };
}

interface VerbalisedState extends SavedState {
  readonly reader: SavedHead;
  readonly events: readonly string[];
}

const TEXT = 'history';

function told(frame: Frame): Frame {
  const values = verbalise(frame, { most: EVENTS });
  const label = name('history in words', '行为历史（文字）');
  return makeFrame([{ kind: 'text', name: TEXT, label, unit: 'none', group: TEXT, values }], {
    rows: frame.rows,
  });
}

async function fitVerbalised(
  train: Sample,
  valid: Sample | undefined,
  { parts, run }: { readonly parts: TextFitParts; readonly run: FitRun },
): Promise<Model> {
  throwIfAborted(run.signal);
  const learn = { ...train, frame: told(train.frame) };
  const watch = valid && { ...valid, frame: told(valid.frame) };
  const encoder = parts.encoder ?? (await ownReader(learn.frame, run));
  const reader = textEstimator(
    FULL,
    { ...TUNING, epochs: epochsOf(learn.frame.rows) },
    { ...parts, encoder },
  );
  const inner = await reader.fit(learn, watch, run);
  const events = train.frame.columns.filter(({ kind }) => kind === 'sequence').map((column) => column.name);
  return verbalisedModel(inner, events);
}

async function ownReader(frame: Frame, run: FitRun): Promise<TextEncoder> {
  const [column] = frame.columns;
  const texts = column.kind === 'text' ? column.values : [];
  const { seed, threads, progress, signal } = run;
  const task = { name: ID, backend: nodeBackend, seed, threads, progress, settings: OWN };
  return (await pretrainOwn(texts, { ...task, ...(signal && { signal }) })).encoder;
}

function verbalisedModel(inner: Model, events: readonly string[]): Model {
  const { question, link } = inner;
  return {
    ...{ estimator: ID, question, link, inputs: events },
    predict: (frame) => inner.predict(told(frame)),
    margin: (frame) => inner.margin(told(frame)),
    save: (): SavedModel => {
      const saved = inner.save();
      const state: VerbalisedState = { question, reader: headOf(saved), events };
      return {
        estimator: ID,
        format: FORMAT,
        state: asJson(state),
        arrays: arraysUnder('reader', saved.arrays),
      };
    },
  };
}
