// Counts and an encoder heard together, as `text fit` tries them.
import { silent } from '../../src/core/progress.ts';
import { encoded, estimatorById, fitModel } from '../../src/models/catalogue.ts';
import { alike, learnMixture, mixOpinions } from '../../src/models/ensemble/mixing.ts';
import { opinionsIn } from '../../src/models/ensemble/opinion.ts';
import type { Sample } from '../../src/models/estimator.ts';
import { lossFor } from '../../src/models/held-out-loss.ts';
import { textGrams, textTopics } from '../../src/models/text/grams/grams.ts';

/** What each way of counting says of the test, once the labels of `learn` have taught it. */
export interface Counted {
  readonly words: Float64Array;
  readonly grams: Float64Array;
  readonly topics: Float64Array;
}

export async function askCounts(
  learn: Sample,
  test: Sample,
  { seed, threads }: { readonly seed: number; readonly threads: number },
): Promise<Counted> {
  const run = { seed, threads, progress: silent };
  const ask = async (own: Parameters<typeof fitModel>[0]): Promise<Float64Array> =>
    (await fitModel(own, learn, undefined, run)).predict(test.frame);
  return {
    words: await ask(encoded(estimatorById('logistic'))),
    grams: await ask(textGrams),
    topics: await ask(textTopics()),
  };
}

/** Half the encoder's voice, half of those that count. */
export const countsAndEncoder = (
  { words, grams, topics }: Counted,
  said: Float64Array,
  learn: Sample,
): Float64Array => mixed([grams, topics, words, said, said, said], learn);

/** The mean that `text fit` tries of its candidates, nothing of it learned. */
export const mixed = (said: readonly Float64Array[], { question }: Sample): Float64Array =>
  mixOpinions(
    alike(said.length),
    said.map((own) => opinionsIn(own, question)),
    question,
  );

/** What members say of texts, in one order. */
export type Heard = readonly Float64Array[];

/**
 * Weighed as `text fit` weighs a blend: by a regression on what members, taught by four fifths of the labels, say of the
 * other fifth; then asked of members taught by all of them.
 */
export async function stacked(
  { heldOut, said }: { readonly heldOut: Heard; readonly said: Heard },
  held: Sample,
  seed: number,
): Promise<Float64Array> {
  const { question, target } = held;
  const opinions = (heard: Heard) => heard.map((own) => opinionsIn(own, question));
  const mixture = await learnMixture(
    'stack',
    { members: opinions(heldOut), target, weight: new Float64Array(target.length).fill(1) },
    { question, loss: lossFor(held), seed },
  );
  return mixOpinions(mixture, opinions(said), question);
}
