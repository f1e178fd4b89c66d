// A text encoder as an estimator: handed in, fine-tuned by a method to what is asked, with or without words beside it.
import { throwIfAborted } from '../../core/errors.ts';
import { type Name, name } from '../../core/name.ts';
import { OWN_FAMILY } from '../../encoders/own/own-encoder.ts';
import { embedTexts } from '../../encoders/text/embed.ts';
import type { TextEncoder } from '../../encoders/text/text-encoder.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import type { Estimator, FitRun, Model, Sample, SavedModel, Settings } from '../estimator.ts';
import { clampToRate } from '../link.ts';
import { unitWeights, weightedMean } from '../sample.ts';
import { fewerRows, splitWatched } from '../watched-rows.ts';
import { beginningMargins, fitBeginning } from './beginning.ts';
import { labelStart, readDescriptions, STRENGTHS, unitStrength } from './label-start.ts';
import { estimatorId, type TextMethod, type Values } from './methods.ts';
import { ENCODER, headMargins, type TextNetwork, vectorOptions } from './network.ts';
import {
  decided,
  piecesRead,
  TEXT_DEFAULTS,
  TEXT_SPACE,
  type TextSettings,
  textSettings,
} from './settings.ts';
import { loadText, textModel } from './text-model.ts';
import { cutRows, type TextRows } from './text-rows.ts';
import { textColumns, textsOf } from './texts.ts';
import { tuneMembers } from './tune-members.ts';
import type { TunedText } from './tune-text.ts';

/** What a fit is handed beside the data. */
export interface TextFitParts {
  /** Absent until somebody hands one in: then it refuses. */
  readonly encoder?: TextEncoder;
  /** Rows without an outcome, for whoever learns from them, too; what stands as their target means nothing. */
  readonly unlabelled?: Sample;
  /** The linear model of words and other columns, for the setting `words`. */
  readonly words: (kind: Sample['question']['kind']) => Estimator;
  /** How a saved model of words comes back. */
  readonly loadInner: (saved: SavedModel) => Model;
  /** Told what moved and how long it took, after each fit. */
  readonly onTuned?: (tuned: Omit<TunedText, 'values'>) => void;
}

/** One that is handed its encoder. */
export interface TextEstimator extends Estimator {
  readonly withParts: (parts: Partial<TextFitParts>) => TextEstimator;
}

export const isTextEstimator = (estimator: Estimator): estimator is TextEstimator => 'withParts' in estimator;

/** The same estimator with an encoder handed in, and rows without an outcome, where it is one that wants any. */
export const onEncoder = (estimator: Estimator, encoder: TextEncoder, unlabelled?: Sample): Estimator =>
  isTextEstimator(estimator)
    ? estimator.withParts({ encoder, ...(unlabelled && { unlabelled }) })
    : estimator;

/** @throws AppError USAGE for settings there are not */
export function textEstimator(method: TextMethod, told: Settings, parts: TextFitParts): TextEstimator {
  const id = estimatorId(method);
  const settings = textSettings(id, told);
  return {
    id,
    label: labelOf(method),
    role: 'model',
    refuses(_question, frame) {
      if (textColumns(frame).length === 0) return 'needs a text column';
      if (parts.encoder === undefined) return 'needs an encoder: text fit --encoder';
      if (method.needsLayers && parts.encoder.plan.family === 'onnx')
        return 'needs an encoder whose layers it can name; a model file alone has none';
      return undefined;
    },
    space: TEXT_SPACE,
    settings: () => TEXT_DEFAULTS,
    withSettings: (changes) => textEstimator(method, { ...told, ...changes }, parts),
    withParts: (more) => textEstimator(method, told, { ...parts, ...more }),
    fit: (train, valid, run) => {
      const { encoder } = parts;
      if (encoder === undefined) throw new Error(`${id} is asked whether it refuses before it is fitted`);
      return fitText(train, valid, { method, settings, encoder, parts, run });
    },
    load: (saved) => loadText(method, saved, parts.loadInner),
  };
}

function labelOf({ label }: TextMethod): Name {
  return name(`Text encoder (${label.en})`, `文本编码器（${label.zh}）`);
}

interface FitTask {
  readonly method: TextMethod;
  readonly settings: TextSettings;
  readonly encoder: TextEncoder;
  readonly parts: TextFitParts;
  readonly run: FitRun;
}

async function fitText(train: Sample, valid: Sample | undefined, task: FitTask): Promise<Model> {
  const { method, encoder, parts, run } = task;
  throwIfAborted(run.signal);
  const kept = fewerRows(train, task.settings.mostRows, run.seed);
  const { taught, watched } = splitWatched(kept, valid, run.seed);
  const settings = decided(task.settings, {
    rows: taught.target.length,
    isOwn: encoder.plan.family === OWN_FAMILY,
  });
  const { question } = train;
  const columns = textColumns(train.frame);
  const words = settings.words ? parts.words(question.kind) : undefined;
  const { beginning, unseen } = await fitBeginning(taught, words, run);
  const answers = beginning.start.length;
  const network: TextNetwork = { encoder, method, settings, question: { kind: question.kind, answers } };
  const tilt = tilts(taught, settings);
  const centre = beginning.start[0];
  const rowsOf = (sample: Sample, margins: Float64Array): TextRows => {
    const texts = textsOf(sample.frame, columns);
    const isAmount = question.kind === 'amount';
    const { smoothing } = settings;
    const weight = unitWeights(sample);
    return {
      texts,
      pieces: cutRows(texts, encoder.tokenizer, piecesRead(settings, encoder.maxLength)),
      beginning: Float32Array.from(margins, (margin, i) =>
        isAmount ? (margin - centre) / beginning.spread : margin + tilt.margin[i % answers],
      ),
      target: Float32Array.from(sample.target, (y) =>
        isAmount
          ? (y - centre) / beginning.spread
          : question.kind === 'binary'
            ? smoothing + (1 - 2 * smoothing) * y
            : y,
      ),
      weight: Float32Array.from(weight, (own, row) => own * tilt.weightOf(sample.target[row])),
    };
  };
  const learn = rowsOf(taught, unseen);
  const watch = watched && rowsOf(watched, await beginningMargins(beginning, watched.frame));
  const firstHead = await describedHead(learn, network, run);
  const tuned = await tuneMembers(learn, watch, { ...network, run, ...(firstHead && { firstHead }) });
  const { values: all, ...facts } = tuned;
  parts.onTuned?.(facts);
  const inside = Object.fromEntries(
    Object.entries(all).flatMap(([key, value]) =>
      key.startsWith(`${ENCODER}.`) ? [[key.slice(ENCODER.length + 1), value] as const] : [],
    ),
  );
  const values = method.merge ? method.merge(inside, settings) : inside;
  return textModel(
    {
      ...{ question, method, settings, encoder, values, beginning, columns },
      head: { weight: all['head.weight'], bias: all['head.bias'] },
    },
    run.threads,
  );
}

/** Classes weighed as if they came alike often are met as more likely than they are: the beginning moves along. */
function tilts(train: Sample, { balance }: TextSettings) {
  const { question, target } = train;
  if (question.kind === 'amount' || balance === 0)
    return { margin: new Float64Array(question.classes ?? 1), weightOf: () => 1 };
  const weight = unitWeights(train);
  const classes = question.kind === 'binary' ? 2 : (question.classes ?? 2);
  const logs = Array.from({ length: classes }, (_, k) =>
    Math.log(
      clampToRate(
        weightedMean(
          target.map((y) => Number(y === k)),
          weight,
        ),
        target.length,
      ),
    ),
  );
  const most = Math.max(...logs);
  const lift = logs.map((log) => balance * (most - log));
  return {
    margin: Float64Array.from(question.kind === 'binary' ? [lift[1] - lift[0]] : lift),
    weightOf: (y: number) => Math.exp(lift[y]),
  };
}

/** A head that begins at what labels mean in words, as strong as tells the labelled texts best. */
async function describedHead(
  learn: TextRows,
  network: TextNetwork,
  run: FitRun,
): Promise<Values | undefined> {
  const { settings, question, encoder } = network;
  if (settings.labels === 'none') return undefined;
  const described = readDescriptions(settings.labels, question);
  const options = {
    ...vectorOptions(network),
    backend: nodeBackend,
    threads: run.threads,
    signal: run.signal,
  };
  const descriptions = await embedTexts(
    encoder,
    described.map(({ text }) => text),
    options,
  );
  const texts = await embedTexts(encoder, learn.texts, options);
  const { answers } = question;
  const one = labelStart(descriptions, texts, { answers, strength: 1 });
  const unit = unitStrength(headMargins(one, texts));
  const losses = STRENGTHS.map((times) => {
    const head = labelStart(descriptions, texts, { answers, strength: times * unit });
    return meanLoss(headMargins(head, texts), learn, answers);
  });
  const best = STRENGTHS[losses.indexOf(Math.min(...losses))];
  const { weight, bias } = labelStart(descriptions, texts, { answers, strength: best * unit });
  return { 'head.weight': weight, 'head.bias': bias };
}

function meanLoss(added: Float64Array, { beginning, target }: TextRows, answers: number): number {
  let loss = 0;
  for (let row = 0; row < target.length; row++) {
    const margins = Array.from(
      { length: answers },
      (_, k) => beginning[row * answers + k] + added[row * answers + k],
    );
    const all = answers === 1 ? [0, margins[0]] : margins;
    const top = Math.max(...all);
    const log = top + Math.log(all.reduce((sum, margin) => sum + Math.exp(margin - top), 0));
    loss += answers === 1 ? log - target[row] * margins[0] : log - margins[target[row]];
  }
  return loss / target.length;
}
