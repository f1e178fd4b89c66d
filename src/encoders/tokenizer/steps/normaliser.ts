// The normalisers a tokenizer.json may name, each as a step that rewrites the text.

import { SHOP_TEXT, shopTextSteps } from '../../chinese/shop-text.ts';
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
import { characterKind, isHan, SPACE, spacesAfter, spacesBefore } from './character-kind.ts';
import { filePattern } from './file-pattern.ts';
import { precompiledMap } from './precompiled-map.ts';
import { type RewriteStep, rewriteEachCharacter } from './text-step.ts';
import { unicodeForm } from './unicode-form.ts';

const READERS: Readonly<Record<string, (part: FilePart) => readonly RewriteStep[]>> = {
  BertNormalizer: (part) => [bertNormaliser(part)],
  Sequence: (part) =>
    listOf(part, 'normalizers').flatMap((each, i) =>
      readNormaliser(filePart(each, `${part.at}.normalizers[${i}]`)),
    ),
  Lowercase: () => [rewriteEachCharacter((character) => character.toLowerCase())],
  StripAccents: () => [rewriteEachCharacter((character) => character.replace(/\p{M}/u, ''))],
  NFC: () => [unicodeForm('NFC')],
  NFD: () => [unicodeForm('NFD')],
  NFKC: () => [unicodeForm('NFKC')],
  NFKD: () => [unicodeForm('NFKD')],
  Nmt: () => [rewriteEachCharacter(nmtCharacter)],
  Strip: (part) => [strip(flagOf(part, 'strip_left', true), flagOf(part, 'strip_right', true))],
  Replace: (part) => [replace(filePattern(part), textOf(part, 'content'))],
  Prepend: (part) => [prepend(textOf(part, 'prepend'))],
  Precompiled: (part) => [precompiledMap(textOf(part, 'precompiled_charsmap'))],
  ByteLevel: () => [byteLetters],
};

/** @throws AppError BAD_FILE on a kind nobody here knows */
export function readNormaliser(part: FilePart): readonly RewriteStep[] {
  const own = ownField(part, 'foresell');
  if (own !== undefined) {
    if (own === SHOP_TEXT) return shopTextSteps();
    refuseTokenizer(`the normaliser at ${part.at} is of a newer Foresell than this one`);
  }
  const type = textOf(part, 'type');
  if (!Object.hasOwn(READERS, type)) {
    refuseTokenizer(`normaliser "${type}" at ${part.at} is none of ${Object.keys(READERS).join(', ')}`);
  }
  return READERS[type]!(part);
}

/** Control, format and private characters; what Unicode has not assigned yet may be tomorrow's emoji, and stays. */
const INVISIBLE = /^[\p{Cc}\p{Cf}\p{Co}\p{Cs}]$/u;

/** BERT's own: no control characters, spaces around Han characters, lower case without accents. */
function bertNormaliser(part: FilePart): RewriteStep {
  const cleans = flagOf(part, 'clean_text', true);
  const spacesHan = flagOf(part, 'handle_chinese_chars', true);
  const lowers = flagOf(part, 'lowercase', true);
  const stripsAccents = flagOf(part, 'strip_accents', lowers);
  const step = rewriteEachCharacter((character) => {
    const code = character.codePointAt(0)!;
    let out = character;
    if (cleans) {
      if (/^[\t\n\r]$/.test(character)) return ' ';
      if (code === 0xfffd || INVISIBLE.test(character)) return '';
      if (characterKind(code) === SPACE) return ' ';
    }
    if (stripsAccents) out = out.normalize('NFD').replace(/\p{Mn}/gu, '');
    if (lowers) out = [...out].map((each) => each.toLowerCase()).join('');
    return spacesHan && isHan(code) ? ` ${out} ` : out;
  });
  // Titles in plain ASCII are most of what shops in English have.
  const apply = (text: string): string =>
    /^[ -~]*$/.test(text) ? (lowers ? text.toLowerCase() : text) : step.apply(text);
  return { ...step, apply };
}

function strip(left: boolean, right: boolean): RewriteStep {
  const bounds = (text: string): readonly [number, number] => {
    const from = left ? spacesBefore(text) : 0;
    return [from, Math.max(from, right ? text.length - spacesAfter(text) : text.length)];
  };
  return {
    kind: 'rewrite',
    apply: (text) => text.slice(...bounds(text)),
    trace(text, emit) {
      const [from, to] = bounds(text);
      emit(from, to, text.slice(from, to));
    },
  };
}

function replace(pattern: RegExp, content: string): RewriteStep {
  return {
    kind: 'rewrite',
    apply: (text) => text.replaceAll(pattern, () => content),
    trace(text, emit) {
      let at = 0;
      for (const match of text.matchAll(pattern)) {
        if (at < match.index) emit(at, match.index, text.slice(at, match.index));
        at = match.index + match[0].length;
        emit(match.index, at, content);
      }
      if (at < text.length) emit(at, text.length, text.slice(at));
    },
  };
}

/** Puts something in front of every text that is not empty. */
export function prepend(front: string, unless?: string, onlyAtStart = false): RewriteStep {
  const isDue = (text: string): boolean => text !== '' && (unless === undefined || !text.startsWith(unless));
  return {
    kind: 'rewrite',
    onlyAtStart,
    apply: (text) => (isDue(text) ? front + text : text),
    trace(text, emit) {
      if (isDue(text)) emit(0, 0, front);
      emit(0, text.length, text);
    },
  };
}

/** SentencePiece's rules of machine translation: control characters go, spaces of every width are one. */
function nmtCharacter(character: string): string {
  const code = character.codePointAt(0)!;
  const isSpace = (code >= 0x200b && code <= 0x200f) || NMT_SPACES.has(code);
  if (isSpace) return ' ';
  const isControl = (code >= 0x1 && code <= 0x8) || (code >= 0xe && code <= 0x1f) || NMT_CONTROLS.has(code);
  return isControl ? '' : character;
}

const NMT_SPACES: ReadonlySet<number> = new Set([
  0x9, 0xa, 0xc, 0xd, 0x1680, 0x2028, 0x2029, 0x2581, 0xfeff, 0xfffd,
]);
const NMT_CONTROLS: ReadonlySet<number> = new Set([0xb, 0x7f, 0x8f, 0x9f]);
