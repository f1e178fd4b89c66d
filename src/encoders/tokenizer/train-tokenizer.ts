// Learns a tokenizer from a shop's own texts, in any language, and writes it as a standard tokenizer.json.
import { AppError } from '../../core/errors.ts';
import { SHOP_TEXT, SHOP_WORDS, shopTextSteps } from '../chinese/shop-text.ts';
import { filePart } from './bad-tokenizer-file.ts';
import { readPreTokenizer } from './steps/pre-tokenizer.ts';
import { applySteps } from './steps/text-step.ts';
import { type CountedWord, learnUnigram } from './unigram-training.ts';
import { countWords } from './word-counts.ts';

export interface TrainTokenizerOptions {
  /** Pieces at most, special pieces and those of bytes counted. */
  readonly size: number;
  /** A piece longer than a letter must have been seen so often. 3: twice may be one writer. */
  readonly fewest?: number;
}

const SPECIAL: readonly string[] = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
/** Bytes of letters never seen: every byte of UTF-8 that is not ASCII. */
const BYTES = Array.from({ length: 0xf5 - 0x80 }, (_, i) => `<0x${(0x80 + i).toString(16).toUpperCase()}>`);
/** Letters seen in texts, until so much of the texts is covered; the rest is spelled in bytes. */
const COVERED = 0.9998;
/** At most this share of the pieces are letters. */
const MOST_LETTERS = 0.75;
/** Pieces to begin with, for each wanted. */
const SEEDS = 6;
const LONGEST_PIECE = 16;

/** What the file says of words; ours and the reference library read the same in it. */
const WORDS = { type: 'Split', pattern: { Regex: SHOP_WORDS }, behavior: 'Isolated', invert: false };

/**
 * A Unigram tokenizer of the words, parts of words and letters these texts are made of. Where words are not parted by spaces
 * (Chinese, Japanese, Thai), pieces are words the platform's dictionary finds, and single letters for the rest.
 *
 * The same texts give the same bytes, whatever their order. One pass over the texts; memory grows with their different
 * words. Blocks while it learns: about five seconds of one core for 100,000 titles.
 *
 * @returns the text of a `tokenizer.json`; what it cannot say (`"foresell"` in its normaliser) `openTokenizer` does
 * @throws AppError USAGE, NOT_ENOUGH_DATA
 */
export function trainTokenizer(texts: Iterable<string>, options: TrainTokenizerOptions): string {
  const { size, fewest = 3 } = options;
  const reserved = SPECIAL.length + BYTES.length;
  if (!Number.isInteger(size) || size < 2 * reserved) {
    throw new AppError('USAGE', `expected a vocabulary of at least ${2 * reserved} pieces, got ${size}`);
  }
  const steps = [...shopTextSteps(), ...readPreTokenizer(filePart(WORDS, 'words'))];
  const counted = countWords(texts, (text) => applySteps(steps, text, true));
  const room = size - reserved;
  const letters = commonLetters(counted.letters, Math.floor(room * MOST_LETTERS));
  const pieces = learnUnigram({
    words: counted.words,
    letters,
    seeds: seedPieces(counted.words, { letters: new Set(letters), fewest, most: room * SEEDS }),
    size: room,
  });
  const special = SPECIAL.map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  const vocab = [
    ...[...SPECIAL, ...BYTES].map((piece) => [piece, 0]),
    ...pieces.map(({ piece, score }) => [piece, score]),
  ];
  return JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special,
    normalizer: {
      type: 'Sequence',
      normalizers: [{ type: 'NFKC' }, { type: 'Lowercase' }],
      foresell: SHOP_TEXT,
    },
    pre_tokenizer: WORDS,
    post_processor: {
      type: 'TemplateProcessing',
      single: [specialItem('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, specialItem('[SEP]')],
      pair: [
        specialItem('[CLS]'),
        { Sequence: { id: 'A', type_id: 0 } },
        specialItem('[SEP]'),
        { Sequence: { id: 'B', type_id: 1 } },
        specialItem('[SEP]'),
      ],
      special_tokens: Object.fromEntries(
        ['[CLS]', '[SEP]'].map((id) => [id, { id, ids: [SPECIAL.indexOf(id)], tokens: [id] }]),
      ),
    },
    decoder: null,
    model: { type: 'Unigram', unk_id: 1, vocab, byte_fallback: true },
  });
}

function specialItem(id: string): object {
  return { SpecialToken: { id, type_id: 0 } };
}

function commonLetters(counts: ReadonlyMap<string, number>, most: number): string[] {
  const sorted = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const total = sorted.reduce((sum, [, count]) => sum + count, 0);
  let covered = 0;
  const kept: string[] = [];
  for (const [letter, count] of sorted) {
    if (kept.length >= most || covered >= COVERED * total) break;
    kept.push(letter);
    covered += count;
  }
  return kept;
}

/** Words and their parts that come up often, those that cover most of the texts first, made of known letters alone. */
function seedPieces(
  words: readonly CountedWord[],
  { letters, fewest, most }: { letters: ReadonlySet<string>; fewest: number; most: number },
): readonly CountedWord[] {
  const counts = new Map<string, number>();
  for (const { word, count } of words) {
    const spelled = [...word];
    for (let from = 0; from < spelled.length; from++) {
      let part = spelled[from]!;
      if (!letters.has(part)) continue;
      for (let to = from + 1; to < spelled.length && to - from < LONGEST_PIECE; to++) {
        if (!letters.has(spelled[to]!)) break;
        part += spelled[to]!;
        counts.set(part, (counts.get(part) ?? 0) + count);
      }
    }
  }
  return [...counts]
    .filter(([, count]) => count >= fewest)
    .map(([word, count]) => ({ word, count }))
    .sort((a, b) => b.count * b.word.length - a.count * a.word.length || (a.word < b.word ? -1 : 1))
    .slice(0, most);
}
