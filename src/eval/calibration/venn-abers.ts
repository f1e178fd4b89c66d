// Two probabilities instead of one: isotonic regression with the new customer counted once as a no and once as a yes.
import { type Name, name } from '../../core/name.ts';
import { groupEqualScores } from './equal-scores.ts';

/**
 * Everything a Venn–Abers predictor answers, as two rising step functions; plain JSON.
 *
 * `p1` of a score is `p1[i]` of the first i with score ≤ `upTo[i]`, and 1 beyond the last; `p0` is `p0[i]` of the last i
 * with `from[i]` ≤ score, and 0 before the first.
 */
export interface VennAbers {
  readonly upTo: readonly number[];
  readonly p1: readonly number[];
  readonly from: readonly number[];
  readonly p0: readonly number[];
  /** Calibration rows behind it. */
  readonly rows: number;
}

/** Probability if the new outcome were 0, and if it were 1: `p0 ≤ p1`. */
export interface ProbabilityPair {
  readonly p0: number;
  readonly p1: number;
}

/** Steps kept of each function; beyond, neighbours are joined outwards, so that a pair may only widen. */
const MOST_STEPS = 1500;

/**
 * Precomputes the predictor: O(rows log rows) here, O(log steps) a question.
 *
 * Of the two probabilities one is right in the long run: whatever the outcome will be, the probability that belongs to
 * it is perfectly calibrated, if the new example is exchangeable with the calibration ones.
 *
 * @param rows scores of a model that did not learn from these rows, and outcomes 0 or 1, [rows]
 * @see Vovk, Petej and Fedorova 2015, algorithms 1 to 4, arXiv:1511.00213
 */
export function fitVennAbers(rows: { actual: Float64Array; predicted: Float64Array }): VennAbers {
  const { score, rows: weight, ones } = groupEqualScores(rows.predicted, rows.actual);
  const last = score.length - 1;
  const p1 = withOneMore(weight, ones);
  // A no at the i-th score is a yes at the i-th from behind, when outcomes and order are turned round.
  const zeros = weight.map((count, i) => count - ones[i]);
  const turned = withOneMore(weight.slice().reverse(), zeros.reverse());
  const p0 = score.map((_, i) => 1 - turned[last - i]);
  const upper = joinSteps(score, p1, 'up');
  const lower = joinSteps(score, p0, 'down');
  return {
    upTo: upper.at,
    p1: upper.values,
    from: lower.at,
    p0: lower.values,
    rows: rows.actual.length,
  };
}

/**
 * For each group the isotonic value it takes with one more 1 in it.
 *
 * The value is a slope of the greatest convex minorant of the cumulative sums. Moving the extra 1 from one group to the
 * next moves one corner of the diagram, so a stack of corners serves all groups in linear time. Sums are integers:
 * the turns are decided without rounding.
 */
function withOneMore(weight: readonly number[], ones: readonly number[]): Float64Array {
  const groups = weight.length;
  // Corners (x, y) = (rows so far, ones so far), the leftmost on top of the stack; one 1 stands before all groups.
  const x = new Float64Array(groups + 2);
  const y = new Float64Array(groups + 2);
  x[0] = y[0] = -1;
  for (let i = 0; i < groups; i++) {
    x[i + 2] = x[i + 1] + weight[i];
    y[i + 2] = y[i + 1] + ones[i];
  }
  const stack = new Int32Array(groups + 2);
  let top = -1;
  /** Above 0 when b lies under the line from a to c. */
  const turn = (a: number, b: number, c: number) =>
    (x[b] - x[a]) * (y[c] - y[b]) - (y[b] - y[a]) * (x[c] - x[b]);
  const push = (corner: number) => {
    while (top >= 1 && turn(corner, stack[top], stack[top - 1]) <= 0) top--;
    stack[++top] = corner;
  };
  for (let corner = groups + 1; corner >= 0; corner--) push(corner);
  const slopes = new Float64Array(groups);
  for (let i = 0; i < groups; i++) {
    const [first, next] = [stack[top], stack[top - 1]];
    slopes[i] = (y[next] - y[first]) / (x[next] - x[first]);
    // The extra 1 steps over group i: what stood after it now stands before.
    x[i + 1] = x[i] + weight[i];
    y[i + 1] = y[i] + ones[i];
    const under = (y[i + 1] - y[first]) * (x[next] - x[first]) < (y[next] - y[first]) * (x[i + 1] - x[first]);
    if (!under) continue;
    top--;
    push(i + 1);
  }
  return slopes;
}

/**
 * Runs of equal values as one step. When there are too many, runs of nearly equal ones: the outer value speaks for the
 * run, so that a pair only widens, by less than twice the last tolerance an end.
 */
function joinSteps(
  score: readonly number[],
  values: ArrayLike<number>,
  outwards: 'up' | 'down',
): { at: number[]; values: number[] } {
  // From the outer end of each function inwards: upwards from the last score down, downwards from the first up.
  let kept = Array.from(score.keys());
  if (outwards === 'up') kept.reverse();
  for (let tolerance = 0; ; tolerance = Math.max(1e-6, 2 * tolerance)) {
    let outer = Number.NaN;
    kept = kept.filter((i) => {
      if (Math.abs(values[i] - outer) <= tolerance) return false;
      outer = values[i];
      return true;
    });
    if (kept.length <= MOST_STEPS) break;
  }
  if (outwards === 'up') kept.reverse();
  return { at: kept.map((i) => score[i]), values: kept.map((i) => values[i]) };
}

/** The pair of one score. */
export function vennAbersPair({ upTo, p1, from, p0 }: VennAbers, score: number): ProbabilityPair {
  const above = firstFrom(upTo, (value) => value >= score);
  const below = firstFrom(from, (value) => value > score) - 1;
  return { p0: below < 0 ? 0 : p0[below], p1: above === p1.length ? 1 : p1[above] };
}

/** First index where `test` holds; it holds for all after it. */
function firstFrom(values: readonly number[], test: (value: number) => boolean): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (test(values[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * One probability for the pairs of one or several predictors: the one whose regret in log loss is smallest.
 *
 * With one pair p₁ / (1 − p₀ + p₁); with several, of predictors calibrated on folds apart, the same of geometric means
 * (cross Venn–Abers).
 *
 * @see Vovk, Petej and Fedorova 2015, eq. 2 and algorithm 5
 */
export function mergePairs(pairs: readonly ProbabilityPair[]): number {
  let logYes = 0;
  let logNo = 0;
  for (const { p0, p1 } of pairs) {
    logYes += Math.log(p1);
    logNo += Math.log(1 - p0);
  }
  const yes = Math.exp(logYes / pairs.length);
  return yes / (Math.exp(logNo / pairs.length) + yes);
}

/**
 * The ends of the pair of each score, [rows].
 *
 * @param value what is shown as the probability; the ends are widened to hold it
 */
export function vennAbersInterval(
  fitted: VennAbers,
  score: Float64Array,
  value: Float64Array,
): { low: Float64Array; high: Float64Array } {
  const low = new Float64Array(score.length);
  const high = new Float64Array(score.length);
  for (let i = 0; i < score.length; i++) {
    const { p0, p1 } = vennAbersPair(fitted, score[i]);
    low[i] = Math.min(p0, value[i]);
    high[i] = Math.max(p1, value[i]);
  }
  return { low, high };
}

/** What the two ends are, and what they are not. */
export const vennAbersWords = ({ rows }: VennAbers): Name =>
  name(
    `Each probability stands between two others: what ${rows} earlier answers say if the outcome is counted as a no, and if it is counted as a yes. One of the two is right in the long run, whichever comes; far apart means that few alike were seen. It is not an interval that holds in 90 of 100 cases.`,
    `每个概率都介于另外两个概率之间：根据 ${rows} 条以往的回答，把结果当作“否”时与当作“是”时各得到的概率。无论结果如何，长期来看其中之一是准确的；两者相距越远，说明相似的情形见得越少。它不是“100 次中有 90 次成立”的区间。`,
  );
