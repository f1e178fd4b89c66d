// How texts of shops are written before pieces are cut from them, in Chinese, English and any other language.

import { type Emit, type RewriteStep, rewriteEachCharacter } from '../tokenizer/steps/text-step.ts';
import { unicodeForm } from '../tokenizer/steps/unicode-form.ts';
import { simplified } from './simplified.ts';

/** The name of these steps in a tokenizer's file; a change of what they do gets a new one. */
export const SHOP_TEXT = 'shop-text-1';

/** Stands before every word of the scripts that part words by spaces, whatever stood before it in the text. */
export const WORD_SIGN = '▁';

/** Scripts without spaces between words, and the sign of a long vowel in kana; as the reference library writes them. */
const UNSPACED = '\\p{Han}\\p{Hiragana}\\p{Katakana}ー\\p{Thai}\\p{Lao}\\p{Khmer}\\p{Myanmar}';
const LETTER = `(?![${UNSPACED}])\\p{L}`;

/** Cuts such a text into words with their sign, numbers, runs without spaces, and runs of other signs (what is left). */
export const SHOP_WORDS = `${WORD_SIGN}?(?:${LETTER}|\\p{M})+(?:'(?:${LETTER})+)*|${WORD_SIGN}?\\p{N}+|[${UNSPACED}]+`;

const unspaced = new RegExp(`[${UNSPACED.replaceAll(/\\p\{(\w+)\}/g, '\\p{Script=$1}')}]`, 'u');

/** Whether words of the script this text begins with are not parted by spaces. */
export function isUnspaced(text: string): boolean {
  return unspaced.test(text.slice(0, (text.codePointAt(0) ?? 0) > 0xffff ? 2 : 1));
}

/**
 * The steps from a text as typed to a text as pieces are cut from it: full-width and other forms of one character are one
 * (NFKC), lower case, traditional characters simplified, emoji without skin tones and variations, at most three of the same
 * sign or letter in a row, no spaces, and a sign before every word of a script that has them.
 */
export function shopTextSteps(): readonly RewriteStep[] {
  return [unicodeForm('NFKC'), rewriteEachCharacter(plainCharacter), simplified, shape];
}

/** Variation selectors, skin tones, the joiner and the key's frame say how a sign looks, not what it is. */
function plainCharacter(character: string): string {
  if (/^[\u2018\u2019\u02bc]$/.test(character)) return "'";
  if (/^\p{White_Space}$/u.test(character)) return ' ';
  if (
    /^(?:[\p{Cc}\p{Cf}\p{Co}\p{Cs}]|\p{Variation_Selector}|\p{Emoji_Modifier}|\u20e3|\ufffd)$/u.test(
      character,
    )
  )
    return '';
  return character === WORD_SIGN ? '_' : character.toLowerCase();
}

type Kind = 'space' | 'word' | 'number' | 'sign' | 'unspaced';

const kinds = new Map<number, Kind>();

function kindOf(code: number): Kind {
  let kind = kinds.get(code);
  if (kind === undefined) {
    const character = String.fromCodePoint(code);
    if (character === ' ') kind = 'space';
    else if (unspaced.test(character)) kind = 'unspaced';
    else if (/\p{N}/u.test(character)) kind = 'number';
    else kind = /[\p{L}\p{M}]/u.test(character) ? 'word' : 'sign';
    kinds.set(code, kind);
  }
  return kind;
}

/** So many of the same in a row say no more than three. */
const MOST_REPEATS = 3;
const APOSTROPHE = 0x27;

function traceShape(text: string, emit: Emit): void {
  let before: Kind = 'space';
  let last = -1;
  let repeats = 0;
  for (let at = 0; at < text.length; ) {
    const code = text.codePointAt(at)!;
    const to = at + (code > 0xffff ? 2 : 1);
    const kind = kindOf(code);
    repeats = code === last ? repeats + 1 : 1;
    last = code;
    const isInWord = before === 'word' || before === 'number';
    if (kind === 'space' || (repeats > MOST_REPEATS && kind !== 'number')) {
      emit(at, to, '');
      if (kind === 'space') before = kind;
    } else if ((kind === 'word' || kind === 'number') && !isInWord) {
      emit(at, to, WORD_SIGN + text.slice(at, to));
      before = kind;
    } else {
      emit(at, to, text.slice(at, to));
      // don't: a word goes on behind its apostrophe
      const goesOn = code === APOSTROPHE && before === 'word' && to < text.length;
      if (!goesOn || kindOf(text.codePointAt(to)!) !== 'word') before = kind;
    }
    at = to;
  }
}

const shape: RewriteStep = {
  kind: 'rewrite',
  apply(text) {
    let out = '';
    traceShape(text, (_from, _to, part) => {
      out += part;
    });
    return out;
  },
  trace: traceShape,
};
