// Probabilities, logits, and how sure a count of examples lets anyone be.

export const sigmoid = (margin: number): number => 1 / (1 + Math.exp(-margin));

export const logit = (p: number): number => Math.log(p / (1 - p));

/** A probability kept `distance` away from 0 and 1, so that its logit is finite. */
export const clampProbability = (p: number, distance = 1e-9): number =>
  Math.min(1 - distance, Math.max(distance, p));

/** A rate from `rows` examples, never claimed nearer to 0 or 1 than half an example allows. */
export const clampToRate = (rate: number, rows: number): number => clampProbability(rate, 0.5 / (rows + 1));
