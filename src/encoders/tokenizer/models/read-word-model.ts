// The model part of a tokenizer.json: which of the three it is, its vocabulary checked.
import { isRecord } from '../../../core/canonical-json.ts';
import {
  type FilePart,
  flagOf,
  listOf,
  numberOf,
  ownField,
  refuseTokenizer,
  textOf,
} from '../bad-tokenizer-file.ts';
import { bytePairModel } from './byte-pair.ts';
import { unigramModel } from './unigram.ts';
import type { Spell, WordModel } from './word-model.ts';
import { wordPieceModel } from './word-piece.ts';

const READERS: Readonly<Record<string, (part: FilePart) => WordModel>> = {
  WordPiece: readWordPiece,
  BPE: readBytePair,
  Unigram: readUnigram,
};

/** @throws AppError BAD_FILE */
export function readWordModel(part: FilePart): WordModel {
  const type = ownField(part, 'type') ?? typeOfOldFile(part);
  if (typeof type !== 'string' || !Object.hasOwn(READERS, type)) {
    refuseTokenizer(
      `the model is ${JSON.stringify(type)?.slice(0, 40)}, not one of ${Object.keys(READERS).join(', ')}`,
    );
  }
  return READERS[type]!(part);
}

/** Files written before 2021 name no type. */
function typeOfOldFile(part: FilePart): string {
  if (Array.isArray(ownField(part, 'vocab'))) return 'Unigram';
  return ownField(part, 'merges') === undefined ? 'WordPiece' : 'BPE';
}

function readWordPiece(part: FilePart): WordModel {
  const { pieces, ids } = readVocabulary(part);
  const unknown = ids.get(textOf(part, 'unk_token', '[UNK]'));
  if (unknown === undefined) refuseTokenizer('the unknown piece is not in the vocabulary');
  return wordPieceModel({
    pieces,
    ids,
    unknown,
    continuing: textOf(part, 'continuing_subword_prefix', '##'),
    longestWord: numberOf(part, 'max_input_chars_per_word', 100),
  });
}

function readBytePair(part: FilePart): WordModel {
  const { pieces, ids } = readVocabulary(part);
  const merges = listOf(part, 'merges').map((merge, i): readonly [string, string] => {
    const pair = typeof merge === 'string' ? merge.split(' ') : merge;
    if (Array.isArray(pair) && pair.length === 2 && pair.every((each) => typeof each === 'string')) {
      return [pair[0], pair[1]];
    }
    return refuseTokenizer(`merge ${i} is no pair of pieces`);
  });
  return bytePairModel({
    pieces,
    ids,
    unknown: ids.get(textOf(part, 'unk_token', '')),
    merges,
    continuing: textOf(part, 'continuing_subword_prefix', ''),
    closing: textOf(part, 'end_of_word_suffix', ''),
    fusesUnknown: flagOf(part, 'fuse_unk', false),
    ignoresMerges: flagOf(part, 'ignore_merges', false),
    spell: readSpelling(part, ids),
  });
}

function readUnigram(part: FilePart): WordModel {
  const rows = listOf(part, 'vocab');
  if (rows.length === 0) refuseTokenizer('the vocabulary at model.vocab is missing or empty');
  const scores = new Float64Array(rows.length);
  const ids = new Map<string, number>();
  const pieces = rows.map((row, id) => {
    if (
      !Array.isArray(row) ||
      typeof row[0] !== 'string' ||
      !(typeof row[1] === 'number' || row[1] === null)
    ) {
      return refuseTokenizer(`row ${id} of the vocabulary is no pair of a piece and its score`);
    }
    scores[id] = row[1] ?? Number.NaN;
    ids.set(row[0], id);
    return row[0];
  });
  fillScores(scores);
  const unknown = ownField(part, 'unk_id') ?? undefined;
  if (unknown !== undefined && (typeof unknown !== 'number' || pieces[unknown] === undefined)) {
    refuseTokenizer('unk_id is not in the vocabulary');
  }
  const spell = readSpelling(part, ids);
  return unigramModel({ pieces, scores, ids, unknown, spell });
}

/** A score that was lost (null) is its neighbours' mean: these vocabularies are written from the likeliest down. */
function fillScores(scores: Float64Array): void {
  for (let id = 0; id < scores.length; id++) {
    if (!Number.isNaN(scores[id]!)) continue;
    const before = scores[id - 1];
    const after = scores.subarray(id).find((score) => !Number.isNaN(score)) ?? before;
    if (before === undefined || after === undefined) refuseTokenizer('the vocabulary opens without a score');
    scores[id] = (before + after) / 2;
  }
}

function readVocabulary(part: FilePart): { pieces: string[]; ids: Map<string, number> } {
  const vocabulary = ownField(part, 'vocab');
  if (!isRecord(vocabulary)) refuseTokenizer('the vocabulary at model.vocab is missing');
  const ids = new Map<string, number>();
  const pieces: string[] = [];
  for (const [piece, id] of Object.entries(vocabulary)) {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= MOST_PIECES) {
      refuseTokenizer(
        `a piece has the number ${String(id).slice(0, 20)}, not one from 0 to ${MOST_PIECES - 1}`,
      );
    }
    ids.set(piece, id);
    pieces[id] = piece;
  }
  if (ids.size === 0) refuseTokenizer('the vocabulary at model.vocab is empty');
  return { pieces, ids };
}

/** Larger than any vocabulary in use; keeps a false number from filling the memory. */
export const MOST_PIECES = 2_000_000;

/** `<0x00>` … `<0xFF>`; undefined where one is not there. */
function bytePieces(ids: ReadonlyMap<string, number>): readonly (number | undefined)[] {
  return Array.from({ length: 256 }, (_, byte) =>
    ids.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`),
  );
}

function readSpelling(part: FilePart, ids: ReadonlyMap<string, number>): Spell | undefined {
  if (!flagOf(part, 'byte_fallback', false)) return undefined;
  const bytes = bytePieces(ids);
  const encoder = new TextEncoder();
  return (letter) => {
    const spelled = Array.from(encoder.encode(letter), (byte) => bytes[byte]);
    return spelled.every((id) => id !== undefined) ? spelled : undefined;
  };
}
