// Boosting the probabilities of several classes: one margin a class, −log likelihood of the class that came.
import { clampToRate } from '../../link.ts';
import type { Margins, Objective } from './objective.ts';

/**
 * Loss ln Σ e^η_k − η_y, gradient p_k − [y = k], curvature p_k (1 − p_k) · K / (K − 1).
 *
 * The factor makes up for one class too many: margins moved all alike change nothing, so each tree may go only its share of
 * the way. With two classes it is 2, and a round is the Newton step of the logistic loss.
 *
 * @see Friedman 2001, Greedy function approximation, algorithm 6
 */
export function softmax(classes: number): Objective {
  const factor = classes / (classes - 1);
  return {
    link: 'softmax',
    outputs: classes,
    start({ target, weight }) {
      const share = new Float64Array(classes);
      let total = 0;
      for (let row = 0; row < target.length; row++) {
        share[target[row]] += weight[row];
        total += weight[row];
      }
      return share.map((sum) => Math.log(clampToRate(sum / total, target.length)));
    },
    fillSlopes({ target, weight }, margins, into) {
      for (let row = 0; row < target.length; row++) {
        const top = largest(margins, row);
        let sum = 0;
        for (let k = 0; k < classes; k++) sum += Math.exp(margins[k][row] - top);
        for (let k = 0; k < classes; k++) {
          const p = Math.exp(margins[k][row] - top) / sum;
          into[k].gradient[row] = weight[row] * (p - Number(target[row] === k));
          into[k].curvature[row] = weight[row] * factor * p * (1 - p);
        }
      }
    },
    lossOf(target, margins, row) {
      const top = largest(margins, row);
      let sum = 0;
      for (const margin of margins) sum += Math.exp(margin[row] - top);
      return top + Math.log(sum) - margins[target][row];
    },
  };
}

function largest(margins: Margins, row: number): number {
  let top = Number.NEGATIVE_INFINITY;
  for (const margin of margins) top = Math.max(top, margin[row]);
  return top;
}
