// Scores of one row read as a distribution over items.

/** Log of Σ exp(value / temperature), without overflow; −∞ when all are. */
export function logSumExp(values: ArrayLike<number>, temperature: number): number {
  let top = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) if (values[i] > top) top = values[i];
  if (top === Number.NEGATIVE_INFINITY) return top;
  let sum = 0;
  const scale = 1 / temperature;
  for (let i = 0; i < values.length; i++) sum += Math.exp((values[i] - top) * scale);
  return top * scale + Math.log(sum);
}

/** Tried for scores of any model: log shares are meant to be read at 1, a network's logits mostly too. */
export const TEMPERATURES: readonly number[] = [0.5, 0.7, 0.85, 1, 1.2, 1.5, 2, 3];

/** The temperature with the largest value beside it in `fits`; 1 among equals. */
export function bestTemperature(fits: readonly number[]): number {
  const best = Math.max(...fits);
  return fits[TEMPERATURES.indexOf(1)] === best ? 1 : TEMPERATURES[fits.indexOf(best)];
}
