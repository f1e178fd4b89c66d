// Texts of a small language with known meaning: what is praised and what is blamed has many names that stand in like places.
import { random } from '../../core/random.ts';

export interface MadeUpTexts {
  readonly texts: readonly string[];
  /** 1 where something is praised, [texts]. */
  readonly praised: Float64Array;
}

const THINGS = ['dress', 'shirt', 'coat', 'shoe', 'belt', 'scarf', 'glove', 'skirt'];
const PRAISES = ['lovely', 'superb', 'perfect', 'gorgeous', 'splendid', 'divine', 'stunning', 'charming'];
const BLAMES = ['awful', 'shabby', 'ugly', 'broken', 'dreadful', 'flimsy', 'torn', 'crooked'];
const AFTER_PRAISE = ['keep it', 'wear it daily', 'buy another', 'tell my friends'];
const AFTER_BLAME = ['send it back', 'want my money', 'never again', 'warn my friends'];

/** Sentences such as "the coat is superb and gorgeous i keep it": words of praise are met beside one another. */
export function madeUpTexts(count: number, seed: number): MadeUpTexts {
  const draws = random(seed);
  const any = (words: readonly string[]): string => words[draws.integer(words.length)];
  const praised = new Float64Array(count);
  const texts = Array.from({ length: count }, (_, i) => {
    const isPraised = draws.uniform() < 0.5;
    praised[i] = Number(isPraised);
    const words = isPraised ? PRAISES : BLAMES;
    const after = any(isPraised ? AFTER_PRAISE : AFTER_BLAME);
    return `the ${any(THINGS)} is ${any(words)} and ${any(words)} i ${after}`;
  });
  return { texts, praised };
}
