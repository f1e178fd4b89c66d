// Which words of a text mattered: each is left out in turn, and the answer asked again.
import { throwIfAborted } from '../core/errors.ts';

/** A stretch of a text and what the answer owes to it. */
export interface TextWord {
  /** In UTF-16 units, [start, end). */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** Margin with it less margin without: above 0 where it speaks for the answer. */
  readonly worth: number;
}

export interface TextWordsOptions {
  /** Margins of texts, in their order. */
  readonly margins: (texts: readonly string[]) => Promise<ArrayLike<number>>;
  /** Words named at most. */
  readonly most?: number;
  readonly signal?: AbortSignal | undefined;
}

/** A stretch of a text. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** Longer texts are read in stretches first, and word by word only where a stretch matters. */
const WORDS_AT_ONCE = 48;
const STRETCHES_OPENED = 6;
const NAMED = 5;

const segmenters = new Map<string, Intl.Segmenter>();

/** The words of a text, punctuation and spaces left out; Chinese is cut into words, too. */
export function wordsOf(text: string): readonly Stretch[] {
  const locale = /\p{Script=Han}/u.test(text) ? 'zh' : 'en';
  const segmenter = segmenters.get(locale) ?? new Intl.Segmenter(locale, { granularity: 'word' });
  segmenters.set(locale, segmenter);
  const words: Stretch[] = [];
  for (const { segment, index, isWordLike } of segmenter.segment(text))
    if (isWordLike || /\p{Extended_Pictographic}/u.test(segment))
      words.push({ start: index, end: index + segment.length });
  return words;
}

/** The text without some stretches, which do not overlap. */
export function withoutStretches(text: string, stretches: readonly Stretch[]): string {
  let left = '';
  let at = 0;
  for (const { start, end } of stretches.toSorted((a, b) => a.start - b.start)) {
    left += text.slice(at, start);
    at = end;
  }
  return left + text.slice(at);
}

/**
 * What each word of a text is worth, in their order. Of a long text the words of the weightiest stretches alone are asked
 * about; the others are worth 0 here.
 *
 * @see Li, Monroe and Jurafsky 2016, arXiv:1612.08220, for erasure as explanation
 */
export async function wordWorths(
  text: string,
  { margins, signal }: TextWordsOptions,
): Promise<readonly TextWord[]> {
  const words = wordsOf(text);
  const asked = words.length <= WORDS_AT_ONCE ? words.map((_, i) => i) : await weighty(text, words, margins);
  throwIfAborted(signal);
  const variants = [text, ...asked.map((i) => withoutStretches(text, [words[i]]))];
  const said = await margins(variants);
  const worth = new Map(asked.map((word, i) => [word, said[0] - said[i + 1]]));
  return words.map((word, i) => ({
    ...word,
    text: text.slice(word.start, word.end),
    worth: worth.get(i) ?? 0,
  }));
}

/** Words of the stretches whose absence moves the answer most. */
async function weighty(
  text: string,
  words: readonly Stretch[],
  margins: TextWordsOptions['margins'],
): Promise<readonly number[]> {
  const each = Math.ceil(words.length / WORDS_AT_ONCE);
  const stretches = Array.from({ length: Math.ceil(words.length / each) }, (_, i) =>
    Array.from({ length: Math.min(each, words.length - i * each) }, (_, k) => i * each + k),
  );
  const said = await margins([
    text,
    ...stretches.map((own) =>
      withoutStretches(
        text,
        own.map((i) => words[i]),
      ),
    ),
  ]);
  const moves = stretches.map((_, i) => Math.abs(said[0] - said[i + 1]));
  return stretches
    .map((own, i) => ({ own, move: moves[i] }))
    .sort((a, b) => b.move - a.move)
    .slice(0, Math.max(STRETCHES_OPENED, Math.floor(WORDS_AT_ONCE / each)))
    .flatMap(({ own }) => own)
    .sort((a, b) => a - b);
}

/** The words a text's answer owes most to, strongest first. */
export async function wordsThatMattered(
  text: string,
  options: TextWordsOptions,
): Promise<readonly TextWord[]> {
  const worths = await wordWorths(text, options);
  return worths
    .filter(({ worth }) => worth !== 0)
    .toSorted((a, b) => Math.abs(b.worth) - Math.abs(a.worth) || a.start - b.start)
    .slice(0, options.most ?? NAMED);
}
