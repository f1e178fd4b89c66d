// The best single column: what one look at one column would tell, and what a model must beat to have put columns together.
import { throwIfAborted } from '../../core/errors.ts';
import { type Column, type Frame, findColumn } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import type { Estimator, Model, Question, Sample, SavedModel } from '../estimator.ts';
import { customerFolds, unitWeights } from '../sample.ts';
import { asJson, readState, type SavedState } from '../saved.ts';
import { fromPredictions } from './prediction.ts';

const ID = 'best-column';
const FORMAT = 1;
const BINS = 20;
/** Rows of the overall mean mixed into each cell, so that small cells say little. */
const PRIOR_ROWS = 10;
const FOLDS = 5;

/** Where a row falls: a bin of a number, a level, or the last cell for missing and unknown. */
type Cells =
  | { readonly kind: 'number'; readonly column: string; readonly edges: readonly number[] }
  | { readonly kind: 'category'; readonly column: string; readonly levels: readonly string[] };

interface BestColumnState extends SavedState {
  readonly cells: Cells;
  /** Mean outcome a cell, or the share of each class, [cells, width] */
  readonly means: readonly number[];
  readonly width: number;
}

/**
 * The column whose cells (20 bins of equal count, or its levels) foretell the outcome best over folds of entities, as a
 * table of shrunken means.
 */
export const bestColumn: Estimator = {
  id: ID,
  label: name('Best single column', '最佳单列'),
  role: 'baseline',
  refuses: (_question, frame) =>
    frame.columns.some(({ kind }) => kind === 'number' || kind === 'category')
      ? undefined
      : 'needs at least one number or category column',
  async fit(train, _valid, run) {
    const folds = customerFolds(train.entities, FOLDS, run.seed);
    let best: { cells: Cells; loss: number } | undefined;
    for (const column of train.frame.columns.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      throwIfAborted(run.signal);
      const cells = cellsOf(column);
      if (!cells) continue;
      const loss = heldOutLoss(train, placesOf(cells, column), folds);
      if (best === undefined || loss < best.loss) best = { cells, loss };
    }
    const { cells } = best as { cells: Cells };
    const places = placesOf(cells, findColumn(train.frame, cells.column) as Column);
    run.progress.step({ task: ID, done: 1, total: 1 });
    const width = widthOf(train.question);
    return bestColumnModel({
      question: train.question,
      cells,
      width,
      means: Array.from(meansOf(train, places, { count: sizeOf(cells), keep: () => true })),
    });
  },
  load: (saved: SavedModel) =>
    bestColumnModel(readState<BestColumnState>(saved, ID, FORMAT, ['cells', 'means', 'width'])),
};

const widthOf = ({ kind, classes = 2 }: Question): number => (kind === 'classes' ? classes : 1);
const sizeOf = (cells: Cells): number =>
  (cells.kind === 'number' ? cells.edges.length : cells.levels.length) + 1;

function cellsOf(column: Column): Cells | undefined {
  if (column.kind === 'category') {
    const used = [...new Set(column.codes)].filter((code) => code >= 0).map((code) => column.levels[code]);
    return { kind: 'category', column: column.name, levels: used.sort() };
  }
  if (column.kind !== 'number') return undefined;
  const rising = column.values.filter((value) => !Number.isNaN(value)).sort();
  if (rising.length === 0) return undefined;
  const edges = new Set(
    Array.from({ length: BINS }, (_, bin) => rising[Math.ceil(((bin + 1) * rising.length) / BINS) - 1]),
  );
  return { kind: 'number', column: column.name, edges: [...edges] };
}

/** The cell of each row, [rows] */
function placesOf(cells: Cells, column: Column): Int32Array {
  const last = sizeOf(cells) - 1;
  if (cells.kind === 'number' && column.kind === 'number') {
    return Int32Array.from(column.values, (value) => {
      if (Number.isNaN(value)) return last;
      let at = 0;
      while (at < last - 1 && value > cells.edges[at]) at++;
      return at;
    });
  }
  if (cells.kind === 'category' && column.kind === 'category') {
    const placeOf = new Map(cells.levels.map((level, at) => [level, at]));
    return Int32Array.from(column.codes, (code) =>
      code < 0 ? last : (placeOf.get(column.levels[code]) ?? last),
    );
  }
  return new Int32Array(column.kind === 'number' ? column.values.length : 0).fill(last);
}

/** Shrunken mean outcome of each cell over the rows kept, [cells, width] */
function meansOf(
  sample: Sample,
  places: Int32Array,
  { count, keep }: { count: number; keep: (row: number) => boolean },
): Float64Array {
  const width = widthOf(sample.question);
  const weight = unitWeights(sample);
  const sums = new Float64Array(count * width);
  const totals = new Float64Array(count);
  const overall = new Float64Array(width);
  let all = 0;
  for (let row = 0; row < places.length; row++) {
    if (!keep(row)) continue;
    totals[places[row]] += weight[row];
    all += weight[row];
    const k = width === 1 ? 0 : sample.target[row];
    const y = width === 1 ? sample.target[row] : 1;
    sums[places[row] * width + k] += weight[row] * y;
    overall[k] += weight[row] * y;
  }
  for (let k = 0; k < width; k++) overall[k] /= Math.max(all, Number.MIN_VALUE);
  return sums.map(
    (sum, at) => (sum + PRIOR_ROWS * overall[at % width]) / (totals[Math.floor(at / width)] + PRIOR_ROWS),
  );
}

/** Mean squared error over folds: of probabilities it is the Brier score. */
function heldOutLoss(sample: Sample, places: Int32Array, folds: Uint8Array): number {
  const width = widthOf(sample.question);
  const count = places.reduce((most, place) => Math.max(most, place), 0) + 1;
  const weight = unitWeights(sample);
  let loss = 0;
  for (let fold = 0; fold < FOLDS; fold++) {
    const means = meansOf(sample, places, { count, keep: (row) => folds[row] !== fold });
    for (let row = 0; row < places.length; row++) {
      if (folds[row] !== fold) continue;
      for (let k = 0; k < width; k++) {
        const y = width === 1 ? sample.target[row] : Number(sample.target[row] === k);
        loss += weight[row] * (y - means[places[row] * width + k]) ** 2;
      }
    }
  }
  return loss;
}

function bestColumnModel(state: BestColumnState): Model {
  const { cells, means, width, question } = state;
  const predict = (frame: Frame): Float64Array => {
    const column = findColumn(frame, cells.column);
    const places = column ? placesOf(cells, column) : new Int32Array(frame.rows).fill(sizeOf(cells) - 1);
    const values = new Float64Array(frame.rows * width);
    places.forEach((place, row) => {
      for (let k = 0; k < width; k++) values[row * width + k] = means[place * width + k];
    });
    return values;
  };
  return {
    ...fromPredictions(question, predict),
    estimator: ID,
    inputs: [cells.column],
    save: () => ({ estimator: ID, format: FORMAT, state: asJson(state) }),
  };
}
