// The pre-tokenizers a tokenizer.json may name, each as steps that cut a text into words.
import {
  type FilePart,
  filePart,
  flagOf,
  listOf,
  ownField,
  refuseTokenizer,
  textOf,
} from '../bad-tokenizer-file.ts';
import { byteLetters } from './byte-letters.ts';
import { characterKind, PUNCTUATION, SPACE } from './character-kind.ts';
import { filePattern } from './file-pattern.ts';
import { prepend } from './normaliser.ts';
import { type CutStep, type RewriteStep, rewriteEachCharacter, type TextStep } from './text-step.ts';

/** What becomes of what a pattern matches. */
type Behaviour = 'Removed' | 'Isolated' | 'MergedWithPrevious' | 'MergedWithNext' | 'Contiguous';
const BEHAVIOURS: readonly string[] = [
  'Removed',
  'Isolated',
  'MergedWithPrevious',
  'MergedWithNext',
  'Contiguous',
];

const PUNCTUATION_SIGN = /[\p{P}!-/:-@[-`{-~]/gu;
const GPT2_WORD =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;
const UNICODE_WORD =
  /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]+|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}\p{White_Space}]+/gu;

type Reader = (part: FilePart) => readonly TextStep[];

const READERS: Readonly<Record<string, Reader>> = {
  BertPreTokenizer: () => [{ kind: 'cut', cut: cutBertWords }],
  Whitespace: () => [cutBy(UNICODE_WORD, 'Removed', true)],
  WhitespaceSplit: () => [cutBy(/\p{White_Space}+/gu, 'Removed')],
  Metaspace: readMetaspace,
  ByteLevel: readByteLevel,
  Split: (part) => [cutBy(filePattern(part), behaviourOf(part, 'Isolated'), flagOf(part, 'invert', false))],
  Punctuation: (part) => [cutBy(PUNCTUATION_SIGN, behaviourOf(part, 'Isolated'))],
  Digits: (part) => [cutBy(/\p{N}/gu, flagOf(part, 'individual_digits', false) ? 'Isolated' : 'Contiguous')],
  CharDelimiterSplit: (part) => {
    const sign = textOf(part, 'delimiter').codePointAt(0);
    if (sign === undefined) refuseTokenizer(`expected a character as delimiter at ${part.at}, got none`);
    return [cutBy(new RegExp(`\\u{${sign.toString(16)}}`, 'gu'), 'Removed')];
  },
  Sequence: (part) =>
    listOf(part, 'pretokenizers').flatMap((each, i) =>
      readPreTokenizer(filePart(each, `${part.at}.pretokenizers[${i}]`)),
    ),
};

/** @throws AppError BAD_FILE on a kind nobody here knows */
export function readPreTokenizer(part: FilePart): readonly TextStep[] {
  const type = textOf(part, 'type');
  if (!Object.hasOwn(READERS, type)) {
    refuseTokenizer(`pre-tokenizer "${type}" at ${part.at} is none of ${Object.keys(READERS).join(', ')}`);
  }
  return READERS[type]!(part);
}

function readMetaspace(part: FilePart): readonly TextStep[] {
  const sign = textOf(part, 'replacement', '▁');
  const scheme = textOf(part, 'prepend_scheme', flagOf(part, 'add_prefix_space', true) ? 'always' : 'never');
  const steps: TextStep[] = [rewriteEachCharacter((character) => (character === ' ' ? sign : character))];
  if (scheme !== 'never') steps.push(prepend(sign, sign, scheme === 'first'));
  if (flagOf(part, 'split', true)) steps.push({ kind: 'cut', cut: (text) => cutBefore(text, sign) });
  return steps;
}

function readByteLevel(part: FilePart): readonly TextStep[] {
  const steps: TextStep[] = [];
  if (flagOf(part, 'add_prefix_space', true)) steps.push(prepend(' ', ' '));
  if (flagOf(part, 'use_regex', true)) steps.push(cutBy(GPT2_WORD, 'Isolated'));
  const letters: RewriteStep = byteLetters;
  steps.push(letters);
  return steps;
}

function behaviourOf(part: FilePart, otherwise: Behaviour): Behaviour {
  const behaviour = ownField(part, 'behavior') ?? otherwise;
  if (typeof behaviour !== 'string' || !BEHAVIOURS.includes(behaviour)) {
    refuseTokenizer(`behavior at ${part.at} is none of ${BEHAVIOURS.join(', ')}`);
  }
  return behaviour as Behaviour;
}

/** Cuts where a pattern matches; `inverts`: where it does not. */
function cutBy(pattern: RegExp, behaviour: Behaviour, inverts = false): CutStep {
  return {
    kind: 'cut',
    cut(text) {
      const bounds: number[] = [];
      const matched: boolean[] = [];
      let at = 0;
      for (const match of text.matchAll(pattern)) {
        if (at < match.index) {
          bounds.push(at, match.index);
          matched.push(inverts);
        }
        at = match.index + match[0].length;
        if (match[0] !== '') {
          bounds.push(match.index, at);
          matched.push(!inverts);
        }
      }
      if (at < text.length) {
        bounds.push(at, text.length);
        matched.push(inverts);
      }
      return joinCuts(bounds, matched, behaviour);
    },
  };
}

function joinCuts(bounds: number[], matched: readonly boolean[], behaviour: Behaviour): number[] {
  if (behaviour === 'Isolated') return bounds;
  if (behaviour === 'Removed') return bounds.filter((_, i) => !matched[i >> 1]);
  const joined: number[] = [];
  const joins = (before: boolean, after: boolean): boolean => {
    if (behaviour === 'Contiguous') return before === after;
    return behaviour === 'MergedWithPrevious' ? after && !before : before && !after;
  };
  for (let i = 0; i < matched.length; i++) {
    const last = joined.length - 1;
    if (i > 0 && joins(matched[i - 1]!, matched[i]!)) joined[last] = bounds[2 * i + 1]!;
    else joined.push(bounds[2 * i]!, bounds[2 * i + 1]!);
  }
  return joined;
}

/** Words without spaces, each sign of punctuation a word. */
function cutBertWords(text: string): number[] {
  const cuts: number[] = [];
  let start = -1;
  let at = 0;
  while (at < text.length) {
    const code = text.codePointAt(at)!;
    const end = at + (code > 0xffff ? 2 : 1);
    const kind = characterKind(code);
    if (kind === SPACE || kind === PUNCTUATION) {
      if (start >= 0) cuts.push(start, at);
      start = -1;
      if (kind === PUNCTUATION) cuts.push(at, end);
    } else if (start < 0) start = at;
    at = end;
  }
  if (start >= 0) cuts.push(start, at);
  return cuts;
}

/** Cuts before every sign, so that each word carries the sign it begins with. */
function cutBefore(text: string, sign: string): number[] {
  const cuts: number[] = [];
  let start = 0;
  for (let at = text.indexOf(sign, 1); at >= 0; at = text.indexOf(sign, at + sign.length)) {
    cuts.push(start, at);
    start = at;
  }
  if (start < text.length) cuts.push(start, text.length);
  return cuts;
}
