// How strong the penalty should be: whatever predicts unseen customers best, on `valid` or by folds of customers.

import { takeNumbers } from '../../core/frame.ts';
import { customerFolds, foldRows, spreadRows } from '../sample.ts';
import { type DesignMatrix, takeMatrixRows } from './design.ts';
import { fitRegression, type Linear, matrixMargin, type Penalty, type Regression } from './newton.ts';

/** Unseen examples to choose on, encoded by the training design. */
export interface Unseen {
  readonly matrix: DesignMatrix;
  readonly y: Float64Array;
  readonly weight: Float64Array;
}

export interface PenaltySearch {
  /** Strongest first, so that every fit starts from its simpler neighbour. */
  readonly path: readonly Penalty[];
  readonly start: Linear;
  readonly entities: readonly string[];
  readonly unseen?: Unseen;
  readonly seed: number;
  readonly signal?: AbortSignal;
  readonly onFit?: (done: number, total: number) => void;
}

/** Customers behind the choice; a penalty chosen on these is as good as one chosen on millions. */
const SEARCH_ROWS = 12_000;
const FOLDS = 4;
/** Of so many rows that some were left out, two folds already agree. */
const FOLDS_OF_MANY = 2;

/** The penalty of the path with the lowest mean loss on unseen customers; the stronger one of equals. */
export async function choosePenalty(problem: Regression, search: PenaltySearch): Promise<Penalty> {
  const judged = problem.matrix.rows > SEARCH_ROWS ? FOLDS_OF_MANY : FOLDS;
  const total = search.path.length * (search.unseen ? 1 : judged);
  let done = 0;
  const losses = new Float64Array(search.path.length);
  const { problem: small, entities } = thin(problem, search.entities);
  // Noise in the gradient grows with the root of the rows, so the penalty that tames it does too.
  const share = Math.sqrt(small.matrix.rows / problem.matrix.rows);
  const follow = async (seen: Regression, unseen: Unseen) => {
    let start = search.start;
    for (const [k, penalty] of search.path.entries()) {
      start = await fitRegression(seen, {
        penalty: scaled(penalty, share),
        start,
        curvatureRows: 2_000,
        tolerance: 1e-6,
        signal: search.signal,
      });
      const margin = matrixMargin(unseen.matrix, start);
      for (let i = 0; i < margin.length; i++) {
        losses[k] += unseen.weight[i] * problem.loss.value(unseen.y[i], margin[i]);
      }
      done++;
      search.onFit?.(done, total);
    }
  };
  if (search.unseen) await follow(small, search.unseen);
  else {
    const folds = customerFolds(entities, FOLDS, search.seed);
    for (let fold = 0; fold < judged; fold++) {
      const { inside, outside } = foldRows(folds, fold);
      if (inside.length === 0 || outside.length === 0) continue;
      await follow(rowsOf(small, outside), rowsOf(small, inside));
    }
  }
  let best = 0;
  for (let k = 1; k < losses.length; k++) if (losses[k] < losses[best]) best = k;
  return search.path[best];
}

const scaled = ({ ridge, lasso }: Penalty, by: number): Penalty => ({ ridge: ridge * by, lasso: lasso * by });

function rowsOf(problem: Regression, rows: ArrayLike<number>): Regression {
  return {
    matrix: takeMatrixRows(problem.matrix, rows),
    y: takeNumbers(problem.y, rows),
    weight: takeNumbers(problem.weight, rows),
    loss: problem.loss,
  };
}

/** Rows are sorted by entity, so customers stay whole. */
function thin(problem: Regression, entities: readonly string[]) {
  const kept = spreadRows(problem.matrix.rows, SEARCH_ROWS);
  if (!kept) return { problem, entities };
  return { problem: rowsOf(problem, kept), entities: Array.from(kept, (row) => entities[row]) };
}
