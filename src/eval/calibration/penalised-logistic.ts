// Logistic regression of one or two columns drawn towards intercept 0 and slopes 1: what Platt and beta calibration fit.

/** Strength of the pull, as if this many units of information already said "leave it as it is". */
const PRIOR_PRECISION = 1;
const MAX_STEPS = 100;

/**
 * Newton's method with halved steps; a slope that would fall under `smallestSlope` is held there and the rest refitted.
 *
 * @param columns each [rows]
 * @param actual  0 or 1, [rows]
 * @returns       [intercept, ...slopes]
 */
export function fitPenalisedLogistic(
  columns: readonly Float64Array[],
  actual: Float64Array,
  smallestSlope: number,
): number[] {
  const held = new Set<number>();
  for (;;) {
    const coefficients = newton(columns, actual, held, smallestSlope);
    const low = coefficients.findIndex((value, j) => j > 0 && !held.has(j) && value < smallestSlope);
    if (low < 0) return coefficients;
    held.add(low);
  }
}

function newton(
  columns: readonly Float64Array[],
  actual: Float64Array,
  held: ReadonlySet<number>,
  smallestSlope: number,
): number[] {
  const width = columns.length + 1;
  const prior = Array.from({ length: width }, (_, j) => (j === 0 ? 0 : 1));
  let at = prior.map((value, j) => (held.has(j) ? smallestSlope : value));
  let loss = penalisedLoss(columns, actual, at, prior);
  for (let step = 0; step < MAX_STEPS; step++) {
    const { gradient, curvature } = derivatives(columns, actual, at, prior);
    for (const j of held) {
      gradient[j] = 0;
      for (let k = 0; k < width; k++) curvature[j][k] = curvature[k][j] = j === k ? 1 : 0;
    }
    const move = solve(curvature, gradient);
    let size = 1;
    let next = at;
    let nextLoss = loss;
    for (; size > 1e-8; size /= 2) {
      next = at.map((value, j) => value - size * move[j]);
      nextLoss = penalisedLoss(columns, actual, next, prior);
      if (nextLoss <= loss) break;
    }
    if (size <= 1e-8) return at;
    const gained = loss - nextLoss;
    at = next;
    loss = nextLoss;
    if (gained < 1e-10 * (1 + Math.abs(loss))) return at;
  }
  return at;
}

function marginAt(columns: readonly Float64Array[], at: readonly number[], row: number): number {
  let margin = at[0];
  for (let j = 0; j < columns.length; j++) margin += at[j + 1] * columns[j][row];
  return margin;
}

function penalisedLoss(
  columns: readonly Float64Array[],
  actual: Float64Array,
  at: readonly number[],
  prior: readonly number[],
): number {
  let sum = 0;
  for (let i = 0; i < actual.length; i++) {
    const margin = marginAt(columns, at, i);
    // ln(1 + e^m) − y·m, without overflow
    sum += Math.max(0, margin) + Math.log1p(Math.exp(-Math.abs(margin))) - actual[i] * margin;
  }
  return at.reduce((total, value, j) => total + (PRIOR_PRECISION / 2) * (value - prior[j]) ** 2, sum);
}

function derivatives(
  columns: readonly Float64Array[],
  actual: Float64Array,
  at: readonly number[],
  prior: readonly number[],
) {
  const width = at.length;
  const gradient = at.map((value, j) => PRIOR_PRECISION * (value - prior[j]));
  const curvature = at.map((_, j) => at.map((_, k) => (j === k ? PRIOR_PRECISION : 0)));
  for (let i = 0; i < actual.length; i++) {
    const p = 1 / (1 + Math.exp(-marginAt(columns, at, i)));
    for (let j = 0; j < width; j++) {
      const x = j === 0 ? 1 : columns[j - 1][i];
      gradient[j] += (p - actual[i]) * x;
      for (let k = 0; k <= j; k++) curvature[j][k] += p * (1 - p) * x * (k === 0 ? 1 : columns[k - 1][i]);
    }
  }
  for (let j = 0; j < width; j++) for (let k = j + 1; k < width; k++) curvature[j][k] = curvature[k][j];
  return { gradient, curvature };
}

/** Gaussian elimination; the matrix is positive definite and at most 3 × 3. */
function solve(matrix: readonly number[][], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]]);
  for (let j = 0; j < rows.length; j++) {
    for (let i = j + 1; i < rows.length; i++) {
      const times = rows[i][j] / rows[j][j];
      for (let k = j; k <= rows.length; k++) rows[i][k] -= times * rows[j][k];
    }
  }
  const solution = new Array<number>(rows.length).fill(0);
  for (let j = rows.length - 1; j >= 0; j--) {
    let rest = rows[j][rows.length];
    for (let k = j + 1; k < rows.length; k++) rest -= rows[j][k] * solution[k];
    solution[j] = rest / rows[j][j];
  }
  return solution;
}
