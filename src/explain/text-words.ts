// Which words of a text mattered: each is left out in turn, and the answer asked again.
import { pause } from '../core/pause.ts';

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
/** Of longer texts stretches are opened again and again, until so few words are left. */
const MOST_ASKED = 300;
/** UTF-16 units: of a longer text its beginning is explained, and what that alone would be told. */
const LONGEST = 20_000;
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
  const told = text.slice(0, LONGEST);
  const words = wordsOf(told);
  const ask = (variants: readonly string[]): Promise<readonly number[]> =>
    askInParts(variants, margins, signal);
  let asked: readonly number[] = words.map((_, i) => i);
  for (let most = WORDS_AT_ONCE; asked.length > most; most = MOST_ASKED)
    asked = await weighty(told, { words, among: asked }, ask);
  const said = await ask([told, ...asked.map((i) => withoutStretches(told, [words[i]]))]);
  const worth = new Map(asked.map((word, i) => [word, said[0] - said[i + 1]]));
  return words.map((word, i) => ({
    ...word,
    text: text.slice(word.start, word.end),
    worth: worth.get(i) ?? 0,
  }));
}

/** Variants at a time: between them a call to stop is heard. */
const PART = 64;

async function askInParts(
  variants: readonly string[],
  margins: TextWordsOptions['margins'],
  signal: AbortSignal | undefined,
): Promise<readonly number[]> {
  const said: number[] = [];
  for (let from = 0; from < variants.length; from += PART) {
    await pause(signal);
    said.push(...Array.from(await margins(variants.slice(from, from + PART))));
  }
  return said;
}

/** Words of the stretches, among those named, whose absence moves the answer most. */
async function weighty(
  text: string,
  { words, among }: { readonly words: readonly Stretch[]; readonly among: readonly number[] },
  ask: (variants: readonly string[]) => Promise<readonly number[]>,
): Promise<readonly number[]> {
  const each = Math.ceil(among.length / WORDS_AT_ONCE);
  const stretches = Array.from({ length: Math.ceil(among.length / each) }, (_, i) =>
    among.slice(i * each, (i + 1) * each),
  );
  const without = (own: readonly number[]): string =>
    withoutStretches(
      text,
      own.map((i) => words[i]),
    );
  const said = await ask([text, ...stretches.map(without)]);
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
