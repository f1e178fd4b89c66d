// A fine-tuned text encoder as a Model: it answers, and it can be written down and read back.
import { AppError, invariant } from '../../core/errors.ts';
import type { Frame } from '../../core/frame.ts';
import { openSavedEncoder } from '../../encoders/own/rebuild-own.ts';
import { openEmbedder, type TextEmbedder } from '../../encoders/text/embed.ts';
import type { EncoderPlan, TextEncoder } from '../../encoders/text/text-encoder.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import { fromMargin, type Link, type Model, type SavedModel, type TargetKind } from '../estimator.ts';
import { arraysOf, arraysUnder, headOf, type SavedHead } from '../nested-model.ts';
import { asJson, readState, type SavedState } from '../saved.ts';
import { type Beginning, beginningMargins } from './beginning.ts';
import { estimatorId, type TextMethod, type Values } from './methods.ts';
import { adaptedEncoder, headMargins, vectorOptions } from './network.ts';
import { piecesRead, type TextSettings } from './settings.ts';
import { textsOf } from './texts.ts';

/** All that a fitted text model knows. */
export interface TextParts {
  readonly question: Model['question'];
  readonly method: TextMethod;
  readonly settings: TextSettings;
  /** As it was before the method; its values those after. */
  readonly encoder: TextEncoder;
  /** Of the adapted encoder, by its own names. */
  readonly values: Values;
  readonly head: { readonly weight: Float32Array; readonly bias: Float32Array };
  readonly beginning: Beginning;
  /** Text columns it reads, in order. */
  readonly columns: readonly string[];
}

const FORMAT = 1;

const LINKS: Readonly<Record<TargetKind, Link>> = { binary: 'logit', amount: 'identity', classes: 'softmax' };

export function textModel(parts: TextParts, threads: number): Model {
  const { question, method, beginning, head, columns } = parts;
  const link = LINKS[question.kind];
  let embedder: TextEmbedder | undefined;
  const margin = async (frame: Frame): Promise<Float64Array> => {
    embedder ??= openVectors(parts, threads);
    const vectors = await embedder.embed(textsOf(frame, columns));
    const begun = await beginningMargins(beginning, frame);
    const added = headMargins(head, vectors);
    invariant(begun.length === added.length, 'the head answers as the beginning does');
    return begun.map((value, i) => value + beginning.spread * added[i]);
  };
  const inputs = [...new Set([...columns, ...(beginning.words?.inputs ?? [])])];
  return {
    estimator: estimatorId(method),
    ...{ question, link, inputs },
    predict: async (frame) => fromMargin(link, await margin(frame), question.classes),
    margin,
    save: () => saved(parts),
  };
}

/** The plain encoder that answers as the adapted one, where the method has one. */
function openVectors({ method, settings, encoder, values }: TextParts, threads: number): TextEmbedder {
  const network = { encoder, method, settings };
  const adapted = method.merge
    ? { ...encoder, values, maxLength: piecesRead(settings, encoder.maxLength) }
    : adaptedEncoder(network, values);
  return openEmbedder(adapted, { backend: nodeBackend, threads, ...vectorOptions(network) });
}

interface TextState extends SavedState {
  readonly settings: TextSettings;
  readonly name: string;
  readonly family: string;
  readonly config: EncoderPlan['config'];
  readonly tokenizer: string;
  readonly columns: readonly string[];
  readonly start: readonly number[];
  readonly spread: number;
  readonly words: SavedHead | null;
}

function saved({
  question,
  method,
  settings,
  encoder,
  values,
  head,
  beginning,
  columns,
}: TextParts): SavedModel {
  const words = beginning.words?.save();
  const { family, config, tokenizer, graph } = encoder.plan;
  const state: TextState = {
    ...{ question, settings, name: encoder.name, family, config, tokenizer, columns },
    start: beginning.start,
    spread: beginning.spread,
    words: words ? headOf(words) : null,
  };
  return {
    estimator: estimatorId(method),
    format: FORMAT,
    state: asJson(state),
    arrays: {
      'head.weight': head.weight,
      'head.bias': head.bias,
      ...arraysUnder('encoder', values),
      ...(graph && { graph }),
      ...arraysUnder('words', words?.arrays),
    },
  };
}

/** @throws AppError VERSION for another format; BAD_FILE for another model, or one with parts missing */
export function loadText(
  method: TextMethod,
  from: SavedModel,
  loadInner: (saved: SavedModel) => Model,
): Model {
  const state = readState<TextState>(from, estimatorId(method), FORMAT, [
    ...(['settings', 'family', 'config', 'tokenizer', 'columns', 'start', 'spread'] as const),
  ]);
  const { arrays = {} } = from;
  const values = arraysOf('encoder', arrays) as Values;
  const { graph } = arrays;
  const plan: EncoderPlan = {
    ...{ family: state.family, config: state.config, tokenizer: state.tokenizer },
    ...(graph instanceof Uint8Array && { graph }),
  };
  const { settings, name, columns, start, spread, question } = state;
  const encoder = openSavedEncoder({ name, plan, values });
  const weight = readFloats(from, 'head.weight', encoder.width * start.length);
  const bias = readFloats(from, 'head.bias', start.length);
  const words = state.words ? loadInner({ ...state.words, arrays: arraysOf('words', arrays) }) : undefined;
  const beginning: Beginning = { start, spread, ...(words && { words }) };
  return textModel(
    { question, method, settings, encoder, values, head: { weight, bias }, beginning, columns },
    1,
  );
}

/** @throws AppError BAD_FILE when it is not there or has another length */
function readFloats({ estimator, arrays }: SavedModel, key: string, length: number): Float32Array {
  const array = arrays?.[key];
  if (array instanceof Float32Array && array.length === length) return array;
  throw new AppError(
    'BAD_FILE',
    `a saved "${estimator}" model needs ${length} numbers in "${key}", got ${array?.length ?? 'none'}`,
  );
}
