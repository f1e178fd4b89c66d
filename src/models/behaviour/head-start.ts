// Where the head's neurons begin: half of them look where pretraining learned to look for what comes after a moment.
import type { Random } from '../../core/random.ts';

export interface HeadStart {
  /** Of the linear map from pooled states to what comes after, [states, answers]. */
  readonly outlook: Float32Array;
  /** Width of pooled states. */
  readonly states: number;
  readonly hidden: number;
  readonly draws: Random;
}

/**
 * First weights of the hidden layer, [states + features, hidden], with pairs of neurons turned along and against a mix of
 * the outlook's answers, as long as they were drawn: a few labels then choose among answers instead of finding directions.
 */
export function turnNeurons(
  drawn: Float32Array,
  { outlook, states, hidden, draws }: HeadStart,
): Float32Array {
  const turned = drawn.slice();
  const answers = outlook.length / states;
  const pairs = Math.floor(hidden / 4);
  for (let pair = 0; pair < pairs; pair++) {
    const mix = Float64Array.from({ length: answers }, () => draws.normal());
    const direction = Float64Array.from({ length: states }, (_, i) =>
      mix.reduce((sum, share, k) => sum + share * outlook[i * answers + k], 0),
    );
    const length = norm(direction);
    if (!(length > 0)) return drawn;
    for (const [neuron, sign] of [
      [2 * pair, 1],
      [2 * pair + 1, -1],
    ]) {
      const own = norm(direction.map((_, i) => drawn[i * hidden + neuron]));
      direction.forEach((value, i) => {
        turned[i * hidden + neuron] = (sign * own * value) / length;
      });
    }
  }
  return turned;
}

const norm = (values: Float64Array): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
