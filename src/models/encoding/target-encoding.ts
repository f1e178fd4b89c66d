// Categories of many levels as numbers: each level's outcome so far, pulled towards the average as far as the data ask.
import type { CategoryColumn, Column, Frame } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { compareTexts } from '../../core/text-order.ts';
import { logit } from '../link.ts';
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

/** Everything known of a column's levels; position `levels.length` stands for "missing". */
interface Levels {
  readonly about: About;
  /** In order of their names. */
  readonly levels: readonly string[];
  /** One word a target, for names of columns. */
  readonly targets: readonly string[];
  /** Value of a level never seen, one a target. */
  readonly priors: readonly number[];
  /** [targets, levels + 1] */
  readonly values: Float64Array;
  /** log(1 + rows of the level), as seen from outside a fold. [levels + 1] */
  readonly frequency: Float64Array;
}

/**
 * Learns a column's levels, and encodes its training rows without leakage: a row is encoded from the outcomes of customers
 * in other folds, and a new row by the mean of what the folds say, so that both come from the same law.
 *
 * The pull towards the average is the empirical-Bayes one, σ² / τ² rows, both estimated from the training rows: a column that
 * says nothing is encoded as nothing.
 *
 * @see Micci-Barreca 2001, A preprocessing scheme for high-cardinality categorical attributes, eq. 3–5
 */
export function crossFitTargetEncoding(column: CategoryColumn, lesson: Lesson): CrossFitted {
  const { positions, levels } = sortedLevels(column);
  const size = levels.length + 1;
  const { targets, folds, foldCount, weight } = lesson;
  const rows = positions.length;
  const words = targets.map((_, t) => (targets.length === 1 ? 'outcome' : `class ${t}`));
  const values = new Float64Array(targets.length * size);
  const encoded = targets.map(() => new Float64Array(rows));
  const priors: number[] = [];
  const used = distinct(folds);
  for (const [t, y] of targets.entries()) {
    const tallies = tallyByFold(y, weight, positions, { folds, foldCount, size });
    const scale = lesson.isBinary ? (p: number) => logit(Math.min(1 - 1e-6, Math.max(1e-6, p))) : identity;
    const prior = tallies.total.sum / tallies.total.count;
    priors.push(scale(prior));
    for (const fold of used) {
      // One prior for all folds: an average of its own would tell a tree which fold a row is in, and so its outcome.
      const outside = shrinkLevels(tallies.without(fold), prior).map(scale);
      for (let l = 0; l < size; l++) values[t * size + l] += outside[l] / used.length;
      for (let i = 0; i < rows; i++) if (folds[i] === fold) encoded[t][i] = outside[positions[i]];
    }
  }
  const counts = countsByFold(positions, folds, { foldCount, size });
  const frequency = new Float64Array(size);
  for (let l = 0; l < size; l++) {
    for (const fold of used) frequency[l] += Math.log1p(counts.without(fold, l)) / used.length;
  }
  const seen = Float64Array.from(positions, (l, i) => Math.log1p(counts.without(folds[i], l)));
  const known: Levels = { about: aboutColumn(column), levels, targets: words, priors, values, frequency };
  return { encoder: targetEncoder(known), training: columnsOf(known, encoded, seen) };
}

const identity = (value: number): number => value;

const distinct = (folds: Uint8Array): number[] => [...new Set(folds)].sort((a, b) => a - b);

/** Levels in use by name, and each row's place among them (the last for missing). */
function sortedLevels({ codes, levels }: CategoryColumn): { positions: Int32Array; levels: string[] } {
  const used = new Set<number>();
  for (const code of codes) if (code >= 0) used.add(code);
  const names = [...new Set(Array.from(used, (code) => levels[code]))].sort(compareTexts);
  return { positions: positionsIn(names, { codes, levels }), levels: names };
}

/** Each row's place among `names`; `names.length` where missing, −1 where unknown. */
function positionsIn(
  names: readonly string[],
  { codes, levels }: Pick<CategoryColumn, 'codes' | 'levels'>,
): Int32Array {
  const places = new Map(names.map((level, place) => [level, place]));
  const placeOfCode = Int32Array.from(levels, (level) => places.get(level) ?? -1);
  return codes.map((code) => (code < 0 ? names.length : placeOfCode[code]));
}

interface Tally {
  /** Σ weight, Σ weight·y and Σ weight·y² of each level. */
  readonly count: Float64Array;
  readonly sum: Float64Array;
  readonly squares: Float64Array;
}

interface Shape {
  readonly folds: Uint8Array;
  readonly foldCount: number;
  readonly size: number;
}

function tallyByFold(
  y: Float64Array,
  weight: Float64Array,
  positions: Int32Array,
  { folds, foldCount, size }: Shape,
) {
  const empty = (): Tally => ({
    count: new Float64Array(size),
    sum: new Float64Array(size),
    squares: new Float64Array(size),
  });
  const own = Array.from({ length: foldCount }, empty);
  const total = { count: 0, sum: 0 };
  for (let i = 0; i < y.length; i++) {
    const tally = own[folds[i]];
    const level = positions[i];
    tally.count[level] += weight[i];
    tally.sum[level] += weight[i] * y[i];
    tally.squares[level] += weight[i] * y[i] * y[i];
    total.count += weight[i];
    total.sum += weight[i] * y[i];
  }
  /** Added up anew rather than subtracted: rounding would leave crumbs of a level that only the fold has. */
  const without = (fold: number): Tally => {
    const rest = empty();
    for (let other = 0; other < foldCount; other++) {
      if (other === fold) continue;
      for (let l = 0; l < size; l++) {
        rest.count[l] += own[other].count[l];
        rest.sum[l] += own[other].sum[l];
        rest.squares[l] += own[other].squares[l];
      }
    }
    return rest;
  };
  return { total, without };
}

function countsByFold(
  positions: Int32Array,
  folds: Uint8Array,
  { foldCount, size }: Pick<Shape, 'foldCount' | 'size'>,
) {
  const all = new Int32Array(size);
  const own = new Int32Array(size * foldCount);
  positions.forEach((level, row) => {
    all[level]++;
    own[level * foldCount + folds[row]]++;
  });
  return { without: (fold: number, level: number) => all[level] - own[level * foldCount + fold] };
}

/**
 * Mean outcome of each level, shrunk towards `prior` by σ² / τ² rows: σ² within levels, τ² between them by the method of
 * moments (one-way analysis of variance). All at the prior where levels differ no more than chance would make them.
 */
export function shrinkLevels({ count, sum, squares }: Tally, prior: number): Float64Array {
  let rows = 0;
  let total = 0;
  let within = 0;
  let levels = 0;
  let countSquares = 0;
  for (let l = 0; l < count.length; l++) {
    if (count[l] === 0) continue;
    levels++;
    rows += count[l];
    total += sum[l];
    within += Math.max(0, squares[l] - (sum[l] * sum[l]) / count[l]);
    countSquares += count[l] * count[l];
  }
  const shrunk = new Float64Array(count.length).fill(prior);
  const spare = rows - levels;
  if (levels < 2 || spare < 1) return shrunk;
  let between = 0;
  const mean = total / rows;
  for (let l = 0; l < count.length; l++) {
    if (count[l] > 0) between += count[l] * (sum[l] / count[l] - mean) ** 2;
  }
  const noise = within / spare;
  const spread = (between - (levels - 1) * noise) / (rows - countSquares / rows);
  if (!(spread > 0)) return shrunk;
  // Half a row of the average at least: a level seen once is never certain.
  const pull = Math.max(0.5, noise / spread);
  for (let l = 0; l < count.length; l++) shrunk[l] = (sum[l] + pull * prior) / (count[l] + pull);
  return shrunk;
}

function columnsOf(
  { about, targets }: Levels,
  encoded: readonly Float64Array[],
  frequency: Float64Array,
): Column[] {
  const outcomes = encoded.map((values, t) =>
    derivedColumn(
      about,
      name(targets[t], targets[t].replace('outcome', '历史结果').replace('class', '类别')),
      values,
    ),
  );
  return [...outcomes, derivedColumn(about, name('frequency', '出现频率'), frequency)];
}

function targetEncoder(known: Levels): Encoder {
  const { about, levels, targets, priors, values, frequency } = known;
  const size = levels.length + 1;
  return {
    kind: 'target',
    source: about.name,
    inputs: [about.name],
    outputs: columnsOf(
      known,
      targets.map(() => new Float64Array(0)),
      new Float64Array(0),
    ).map((c) => c.name),
    async encode(frame: Frame) {
      const positions = positionsIn(levels, inputColumn(frame, about.name, 'category'));
      const encoded = targets.map((_, t) =>
        Float64Array.from(positions, (l) => (l < 0 ? priors[t] : values[t * size + l])),
      );
      return columnsOf(
        known,
        encoded,
        Float64Array.from(positions, (l) => (l < 0 ? 0 : frequency[l])),
      );
    },
    save: () => ({
      kind: 'target',
      state: { about: { ...about, label: { ...about.label } }, levels, targets, priors },
      arrays: { values, frequency },
    }),
  };
}

export function loadTargetEncoder(saved: SavedEncoder): Encoder {
  const rest = saved.state as unknown as Omit<Levels, 'values' | 'frequency'>;
  return targetEncoder({
    ...rest,
    values: savedArray(saved, 'values', Float64Array),
    frequency: savedArray(saved, 'frequency', Float64Array),
  });
}
