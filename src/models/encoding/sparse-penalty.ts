// How strong the penalty on words should be: whatever foretells unseen customers best, on a path from stiff to free.
import { takeNumbers } from '../../core/frame.ts';
import { customerFolds, foldRows, spreadRows } from '../sample.ts';
import { fitSparseLinear, type SparseLinear, type SparseProblem } from './sparse-linear.ts';
import { sparseProduct, takeSparseRows } from './sparse-rows.ts';

export interface RidgeSearch {
  readonly entities: readonly string[];
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/** Strongest first. Rows have length one, so these are the numbers of rows against which a word must prove itself. */
export const RIDGE_PATH: readonly number[] = [30, 10, 4, 2, 1, 0.5, 0.25, 0.12, 0.06, 0.03];
/** Rows behind the choice: a penalty chosen on these is as good as one chosen on all. */
const SEARCH_ROWS = 12_000;
const FOLDS = 4;
/** Folds of many rows agree with one another: two are enough. */
const FOLDS_OF_MANY = 2;
const MANY_ROWS = 4_000;

/** The penalty of the path with the lowest loss on unseen customers. @throws AppError INTERRUPTED */
export async function chooseRidge(problem: SparseProblem, search: RidgeSearch): Promise<number> {
  const small = thin(problem, search.entities);
  // Noise in the gradient grows with the root of the rows, so the penalty that tames it does too.
  const share = Math.sqrt(small.problem.matrix.rows / problem.matrix.rows);
  const folds = customerFolds(small.entities, FOLDS, search.seed);
  const judged = small.problem.matrix.rows > MANY_ROWS ? FOLDS_OF_MANY : FOLDS;
  const parts = Array.from({ length: judged }, (_, fold) => foldRows(folds, fold))
    .filter(({ inside, outside }) => inside.length > 0 && outside.length > 0)
    .map(({ inside, outside }) => ({
      seen: sparseRowsOf(small.problem, outside),
      unseen: sparseRowsOf(small.problem, inside),
      start: undefined as SparseLinear | undefined,
    }));
  let best = RIDGE_PATH[0];
  let lowest = Number.POSITIVE_INFINITY;
  for (const ridge of RIDGE_PATH) {
    let loss = 0;
    for (const part of parts) {
      part.start = await fitSparseLinear(part.seen, {
        ridge: ridge * share,
        ...(part.start && { start: part.start }),
        tolerance: 0.01,
        seed: search.seed,
        signal: search.signal,
      });
      loss += totalLoss(part.unseen, part.start);
    }
    // Weaker penalties only overfit more from here on, and are the slowest to fit.
    if (loss > lowest) break;
    lowest = loss;
    best = ridge;
  }
  return best;
}

export function sparseRowsOf(problem: SparseProblem, rows: ArrayLike<number>): SparseProblem {
  return {
    matrix: takeSparseRows(problem.matrix, rows),
    y: takeNumbers(problem.y, rows),
    weight: takeNumbers(problem.weight, rows),
    loss: problem.loss,
  };
}

/** Rows are sorted by entity, so customers stay whole. */
function thin(problem: SparseProblem, entities: readonly string[]) {
  const kept = spreadRows(problem.matrix.rows, SEARCH_ROWS);
  if (!kept) return { problem, entities };
  return { problem: sparseRowsOf(problem, kept), entities: Array.from(kept, (row) => entities[row]) };
}

function totalLoss({ matrix, y, weight, loss }: SparseProblem, { intercept, weights }: SparseLinear): number {
  const margins = sparseProduct(matrix, weights);
  let total = 0;
  for (let i = 0; i < margins.length; i++) {
    const margin = margins[i] + intercept;
    total +=
      weight[i] *
      (loss === 'squared'
        ? 0.5 * (margin - y[i]) ** 2
        : Math.max(0, margin) + Math.log1p(Math.exp(-Math.abs(margin))) - y[i] * margin);
  }
  return total;
}
