// How far the gradient of a whole model is from the central difference of it, in float64 through the interpreter.

import { random } from '../core/random.ts';
import { evaluate, type Feeds } from '../tensor/evaluate.ts';
import { denseGradient, pullBack } from '../tensor/gradient.ts';
import type { Tensor } from '../tensor/graph.ts';
import { input, leafName } from '../tensor/ops/leaf.ts';
import { volume } from '../tensor/type.ts';

/** The step of the central difference: truncation ~ h² and rounding ~ 1e-16 / h meet near 1e-5. */
const STEP = 1e-5;

/**
 * Largest |gradient − central difference| / max(1, |central difference|) over every value of every leaf in `wanted`, for
 * random upstream values. A right model stays under 1e-5, away from kinks. Costs two runs a value: keep it small.
 */
export function gradientDeviation(output: Tensor, wanted: readonly Tensor[], feeds: Feeds): number {
  const draws = random(3);
  const upstream = Float64Array.from({ length: volume(output.shape) }, () => draws.normal());
  const found = pullBack([output], [input('upstream', 'float', output.shape)], wanted);
  const loss = (at: Feeds): number =>
    (evaluate([output], at)[0] as Float64Array).reduce(
      (total, y, i) => total + y * (upstream[i] as number),
      0,
    );
  let worst = 0;
  for (const [i, leaf] of wanted.entries()) {
    const name = leafName(leaf);
    const start = Float64Array.from(feeds[name] as ArrayLike<number>);
    const gradient = denseGradient(leaf, found[i] as (typeof found)[number]);
    const analytic = gradient && (evaluate([gradient], { ...feeds, upstream })[0] as Float64Array);
    for (let k = 0; k < start.length; k++) {
      const at = (by: number): number =>
        loss({ ...feeds, [name]: start.map((value, j) => (j === k ? value + by : value)) });
      const numeric = (at(STEP) - at(-STEP)) / (2 * STEP);
      const error = Math.abs((analytic?.[k] ?? 0) - numeric) / Math.max(1, Math.abs(numeric));
      // written so that a NaN is the worst there is
      if (!(error <= worst)) worst = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
    }
  }
  return worst;
}
