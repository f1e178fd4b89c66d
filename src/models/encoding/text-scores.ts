// A text column as numbers: what its words say about the outcome, learned across folds, and a few plain counts.
import type { Column, TextColumn } from '../../core/frame.ts';
import { type Name, name } from '../../core/name.ts';
import { foldRows } from '../sample.ts';
import {
  type About,
  aboutColumn,
  type CrossFitted,
  derivedColumn,
  type Encoder,
  inputColumn,
  type Lesson,
  type SavedEncoder,
  savedArray,
} from './encoder.ts';
import { fitHashedText, textReader, type Vocabulary } from './hashed-text.ts';
import { fitLatent, type Latent, latentCoordinates } from './latent.ts';
import { fitSparseLinear, type SparseProblem } from './sparse-linear.ts';
import { chooseRidge, sparseRowsOf } from './sparse-penalty.ts';
import { type SparseRows, sparseProduct } from './sparse-rows.ts';

interface Reading {
  readonly about: About;
  readonly vocabulary: Vocabulary;
  /** One a target: the mean of the folds' weights, [width]. */
  readonly weights: readonly Float32Array[];
  /** What texts are about, whatever it says of the outcome; absent where there are too few texts. */
  readonly latent?: Latent;
}

const LATENT_DIMENSIONS = 16;

/**
 * Learns to read a text column: TF-IDF of hashed n-grams, and on it one ridge regression a target and fold of customers. A
 * training row is scored by the model that has not seen its customer; a new row by the mean of all, which is the score by
 * the mean of their weights. Intercepts are left out: they would tell the fold, and the model behind has its own.
 */
export async function crossFitTextScores(column: TextColumn, lesson: Lesson): Promise<CrossFitted> {
  const { targets, weight, folds, foldCount, signal, seed, entities } = lesson;
  const { vocabulary, matrix } = await fitHashedText(column.values, { signal });
  const scores: Float64Array[] = [];
  const weights: Float32Array[] = [];
  for (const target of targets) {
    const { y, unit } = lesson.isBinary ? { y: target, unit: 1 } : standardised(target, weight);
    const problem: SparseProblem = { matrix, y, weight, loss: lesson.isBinary ? 'logistic' : 'squared' };
    const ridge = await chooseRidge(problem, { entities, seed, signal });
    const score = new Float64Array(matrix.rows);
    const mean = new Float64Array(matrix.width);
    const parts = Array.from({ length: foldCount }, (_, fold) => foldRows(folds, fold)).filter(
      ({ inside }) => inside.length > 0,
    );
    for (const { inside, outside } of parts) {
      const linear = await fitSparseLinear(sparseRowsOf(problem, outside), { ridge, seed, signal });
      const all = sparseProduct(matrix, linear.weights);
      for (const row of inside) score[row] = unit * all[row];
      for (let j = 0; j < mean.length; j++) mean[j] += (unit * linear.weights[j]) / parts.length;
    }
    scores.push(score);
    weights.push(Float32Array.from(mean));
  }
  const latent = await fitLatent(matrix, { dimensions: LATENT_DIMENSIONS, seed, signal });
  const reading: Reading = { about: aboutColumn(column), vocabulary, weights, ...(latent && { latent }) };
  const topics = latent ? latentCoordinates(latent, matrix) : [];
  return { encoder: textEncoder(reading), training: columnsOf(reading.about, scores, topics, column.values) };
}

/** An amount in units of its spread around its mean, so that one path of penalties fits all. */
function standardised(y: Float64Array, weight: Float64Array): { y: Float64Array; unit: number } {
  let mean = 0;
  for (let i = 0; i < y.length; i++) mean += (weight[i] * y[i]) / y.length;
  let variance = 0;
  for (let i = 0; i < y.length; i++) variance += (weight[i] * (y[i] - mean) ** 2) / y.length;
  const unit = variance > 0 ? Math.sqrt(variance) : 1;
  return { y: y.map((value) => (value - mean) / unit), unit };
}

const COUNTS: readonly { readonly part: Name; readonly of: (text: string) => number }[] = [
  { part: name('length', '长度'), of: (text) => Math.log1p(text.length) },
  { part: name('exclamation marks', '感叹号'), of: (text) => countOf(text, /[!！]/g) },
  { part: name('question marks', '问号'), of: (text) => countOf(text, /[?？]/g) },
  { part: name('share of digits', '数字占比'), of: (text) => shareOf(text, /\p{Nd}/gu) },
  { part: name('share of capitals', '大写占比'), of: (text) => shareOf(text, /\p{Lu}/gu) },
];

const countOf = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;
const shareOf = (text: string, pattern: RegExp): number =>
  text.length === 0 ? 0 : countOf(text, pattern) / text.length;

function columnsOf(
  about: About,
  scores: readonly Float64Array[],
  topics: readonly Float64Array[],
  texts: readonly string[],
): Column[] {
  const word = (t: number): Name =>
    scores.length === 1 ? name('words', '用词得分') : name(`words for class ${t}`, `类别 ${t} 用词得分`);
  return [
    ...scores.map((values, t) => derivedColumn(about, word(t), values)),
    ...topics.map((values, d) => derivedColumn(about, name(`topic ${d + 1}`, `主题 ${d + 1}`), values)),
    ...COUNTS.map(({ part, of }) => derivedColumn(about, part, Float64Array.from(texts, of))),
  ];
}

function textEncoder(reading: Reading): Encoder {
  const { about, vocabulary, weights, latent } = reading;
  const empty = new Float64Array(0);
  let read: ((texts: readonly string[]) => Promise<SparseRows>) | undefined;
  return {
    kind: 'text',
    source: about.name,
    inputs: [about.name],
    outputs: columnsOf(
      about,
      weights.map(() => empty),
      Array.from({ length: latent?.dimensions ?? 0 }, () => empty),
      [],
    ).map((column) => column.name),
    async encode(frame) {
      const { values } = inputColumn(frame, about.name, 'text');
      read ??= textReader(vocabulary);
      const matrix = await read(values);
      return columnsOf(
        about,
        weights.map((own) => sparseProduct(matrix, own)),
        latent ? latentCoordinates(latent, matrix) : [],
        values,
      );
    },
    save: () => {
      const { buckets, idf, bits, pieces } = vocabulary;
      const named = weights.map((own, t) => [`weights-${t}`, own] as const);
      return {
        kind: 'text',
        state: {
          about: { ...about, label: { ...about.label } },
          bits,
          pieces,
          targets: weights.length,
          topics: latent?.dimensions ?? 0,
        },
        arrays: {
          buckets,
          idf,
          ...(latent && { columns: latent.columns, basis: latent.basis }),
          ...Object.fromEntries(named),
        },
      };
    },
  };
}

export function loadTextEncoder(saved: SavedEncoder): Encoder {
  const { about, targets, topics, bits, pieces } = saved.state as unknown as Pick<Reading, 'about'> &
    Pick<Vocabulary, 'bits' | 'pieces'> & { readonly targets: number; readonly topics: number };
  return textEncoder({
    about,
    vocabulary: {
      bits,
      pieces,
      buckets: savedArray(saved, 'buckets', Int32Array),
      idf: savedArray(saved, 'idf', Float32Array),
    },
    weights: Array.from({ length: targets }, (_, t) => savedArray(saved, `weights-${t}`, Float32Array)),
    ...(topics > 0 && {
      latent: {
        dimensions: topics,
        columns: savedArray(saved, 'columns', Int32Array),
        basis: savedArray(saved, 'basis', Float32Array),
      },
    }),
  });
}
