// A fitted count of n-grams, or of what they are about: a reading of texts, and a weight for each thing read.
import { AppError } from '../../../core/errors.ts';
import { textReader, type Vocabulary } from '../../encoding/hashed-text.ts';
import { type SparseRows, sparseProduct } from '../../encoding/sparse-rows.ts';
import { linkFor, widthFor } from '../../ensemble/opinion.ts';
import { fromMargin, type Model, type Question, type SavedModel } from '../../estimator.ts';
import { clampProbability, sigmoid } from '../../link.ts';
import { asJson, readArray, readState, type SavedState } from '../../saved.ts';
import { textsOf } from '../texts.ts';
import type { Line } from './text-ridge.ts';
import { type Topics, topicRows } from './topics.ts';

const FORMAT = 1;

export interface GramsParts {
  readonly question: Question;
  /** Text columns read, one under the other. */
  readonly columns: readonly string[];
  readonly vocabulary: Vocabulary;
  /** Absent where n-grams themselves are weighed. */
  readonly topics?: Topics;
  /** One of yes against no, or one a class; weights [columns of the vocabulary], or [topics]. */
  readonly lines: readonly Line[];
}

/** What a text's n-grams weigh, or how near it lies to each topic; rows of length one. */
export type TextRowReader = (texts: readonly string[]) => Promise<SparseRows>;

export function rowReader({ vocabulary, topics }: Pick<GramsParts, 'vocabulary' | 'topics'>): TextRowReader {
  const read = textReader(vocabulary);
  return topics ? async (texts) => topicRows(topics, await read(texts)) : read;
}

/** @param estimator the id it is saved under */
export function gramsModel(estimator: string, parts: GramsParts): Model {
  const { question, columns, lines } = parts;
  const link = linkFor(question);
  let read: TextRowReader | undefined;
  const margin: Model['margin'] = async (frame) => {
    read ??= rowReader(parts);
    const rows = await read(textsOf(frame, columns));
    const margins = lines.map(({ intercept, weights }) =>
      sparseProduct(rows, weights).map((own) => intercept + own),
    );
    return margins.length === 1 ? margins[0] : shareOut(margins);
  };
  return {
    ...{ estimator, question, link, inputs: columns, margin },
    predict: async (frame) => fromMargin(link, await margin(frame), widthFor(question)),
    save: () => saved(estimator, parts),
  };
}

/** Logarithms of each class's own probability, [rows, classes]: their share of the sum of all is what softmax makes of them. */
function shareOut(margins: readonly Float64Array[]): Float64Array {
  const logs = new Float64Array(margins.length * margins[0].length);
  for (const [own, margin] of margins.entries())
    for (let row = 0; row < margin.length; row++)
      logs[row * margins.length + own] = Math.log(clampProbability(sigmoid(margin[row])));
  return logs;
}

interface GramsState extends SavedState {
  readonly columns: readonly string[];
  readonly bits: number;
  readonly pieces: boolean;
  readonly intercepts: readonly number[];
  /** 0 where n-grams themselves are weighed. */
  readonly topics: number;
}

function saved(estimator: string, parts: GramsParts): SavedModel {
  const { question, columns, vocabulary, topics, lines } = parts;
  const { bits, pieces, buckets, idf } = vocabulary;
  const state: GramsState = {
    ...{ question, columns, bits, pieces, intercepts: lines.map(({ intercept }) => intercept) },
    topics: topics?.dimensions ?? 0,
  };
  return {
    ...{ estimator, format: FORMAT, state: asJson(state) },
    arrays: {
      ...{ buckets, idf },
      ...(topics && { columns: topics.columns, basis: topics.basis }),
      ...Object.fromEntries(lines.map(({ weights }, own) => [`weights.${own}`, weights])),
    },
  };
}

/** @throws AppError VERSION for another format; BAD_FILE for another model, or one with parts missing */
export function loadGrams(estimator: string, from: SavedModel): Model {
  const state = readState<GramsState>(from, estimator, FORMAT, [
    ...(['columns', 'bits', 'pieces', 'intercepts', 'topics'] as const),
  ]);
  const { question, columns, bits, pieces, intercepts, topics: dimensions } = state;
  const { buckets, idf, columns: counted, basis } = from.arrays ?? {};
  if (!(buckets instanceof Int32Array && idf instanceof Float32Array && buckets.length === idf.length))
    throw missing(estimator, 'its vocabulary');
  const vocabulary: Vocabulary = { bits, pieces, buckets, idf };
  const lines = intercepts.map(
    (intercept, own): Line => ({
      intercept,
      weights: readArray(from, `weights.${own}`, dimensions || buckets.length),
    }),
  );
  if (dimensions === 0) return gramsModel(estimator, { question, columns, vocabulary, lines });
  if (
    !(counted instanceof Int32Array && basis instanceof Float32Array) ||
    basis.length !== counted.length * dimensions
  )
    throw missing(estimator, 'its topics');
  const topics: Topics = { dimensions, columns: counted, basis };
  return gramsModel(estimator, { question, columns, vocabulary, topics, lines });
}

const missing = (estimator: string, what: string): AppError =>
  new AppError('BAD_FILE', `a saved "${estimator}" model needs ${what}; train it again`);
