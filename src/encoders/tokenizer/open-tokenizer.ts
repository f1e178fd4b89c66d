// Opens a tokenizer.json: normaliser, words, model and special pieces put together behind one interface.
import type { Json } from '../../core/canonical-json.ts';
import { AppError } from '../../core/errors.ts';
import { readAddedPieces, sectionFinder } from './added-pieces.ts';
import { filePart, optionalPart, ownField, refuseTokenizer } from './bad-tokenizer-file.ts';
import { readWordModel } from './models/read-word-model.ts';
import { readFrame, readSpecialPieces } from './special-pieces.ts';
import { spacesAfter, spacesBefore } from './steps/character-kind.ts';
import { readNormaliser } from './steps/normaliser.ts';
import { readPreTokenizer } from './steps/pre-tokenizer.ts';
import { applySteps, sliceTraced, type TracedText, traceFrom, traceSteps } from './steps/text-step.ts';
import type { Pieces, Tokenizer } from './tokenizer.ts';

/**
 * A tokenizer from the text of its `tokenizer.json`: WordPiece, byte pairs or Unigram, piece for piece as the reference
 * library has it.
 *
 * Lone surrogates are read as U+FFFD. Places leave out white space at either end of a piece.
 *
 * @param config `tokenizer_config.json`, for the names of special pieces; what is usual where left out
 * @throws AppError BAD_FILE when the file is cut, is no tokenizer, or has parts Foresell does not know
 */
export function openTokenizer(file: string, config?: Json): Tokenizer {
  const root = filePart(parse(file), 'the file');
  if (ownField(root, 'model') === undefined) refuseTokenizer('the part "model" is missing');
  const model = readWordModel(filePart(ownField(root, 'model'), 'model'));
  const added = readAddedPieces(root);
  const pieces = [...model.pieces];
  const addedIds = new Map<string, number>();
  for (const { id, content } of added) {
    pieces[id] = content;
    addedIds.set(content, id);
  }
  const idOf = (piece: string): number | undefined => addedIds.get(piece) ?? model.ids.get(piece);

  const normaliserPart = optionalPart(root, 'normalizer');
  const normaliser = normaliserPart === undefined ? [] : readNormaliser(normaliserPart);
  const wordsPart = optionalPart(root, 'pre_tokenizer');
  const words = wordsPart === undefined ? [] : readPreTokenizer(wordsPart);
  const frame = readFrame(optionalPart(root, 'post_processor'), idOf);
  const special = readSpecialPieces(config, frame, { idOf, unknown: model.unknown });

  const normalise = (text: string): string => applySteps(normaliser, text, true)[0] ?? '';
  const findGiven = sectionFinder(
    added.filter((piece) => !piece.isNormalised),
    (piece) => piece.content,
  );
  const findNormalised = sectionFinder(
    added.filter((piece) => piece.isNormalised),
    (piece) => normalise(piece.content),
  );

  /** Calls with each piece until `take` has enough. */
  function encodeUntil(text: string, take: (id: number) => boolean): void {
    for (const outer of findGiven(text)) {
      if (outer.id !== undefined) {
        if (take(outer.id)) return;
        continue;
      }
      const normal = normalise(text.slice(outer.start, outer.end));
      for (const inner of findNormalised(normal)) {
        if (inner.id !== undefined) {
          if (take(inner.id)) return;
          continue;
        }
        const isFirst = outer.start === 0 && inner.start === 0;
        for (const word of applySteps(words, normal.slice(inner.start, inner.end), isFirst)) {
          for (const id of model.split(word).ids) if (take(id)) return;
        }
      }
    }
  }

  function traceUntil(text: string, take: (id: number, start: number, end: number) => boolean): void {
    for (const outer of findGiven(text)) {
      if (outer.id !== undefined) {
        if (take(outer.id, outer.start, outer.end)) return;
        continue;
      }
      const given = traceFrom(text.slice(outer.start, outer.end), outer.start);
      const [normal] = traceSteps(normaliser, given, true);
      if (normal === undefined) continue;
      for (const inner of findNormalised(normal.text)) {
        const part = sliceTraced(normal, inner.start, inner.end);
        if (inner.id !== undefined) {
          if (take(inner.id, ...placeOf(part, 0, part.text.length))) return;
          continue;
        }
        const isFirst = outer.start === 0 && inner.start === 0;
        for (const word of traceSteps(words, part, isFirst)) {
          const split = model.split(word.text);
          let from = 0;
          for (let i = 0; i < split.ids.length; i++) {
            const to = split.ends[i]!;
            if (take(split.ids[i]!, ...placeOf(word, from, to))) return;
            if (split.ends[i + 1] !== to) from = to;
          }
        }
      }
    }
  }

  function room(maxLength: number): number {
    const around = frame.before.length + frame.after.length;
    if (Number.isInteger(maxLength) && maxLength >= around) return maxLength - around;
    throw new AppError(
      'USAGE',
      `expected a whole greatest length of at least ${around} pieces, got ${maxLength}`,
    );
  }

  return {
    size: pieces.length,
    special,
    file,
    encode(text, maxLength) {
      const most = room(maxLength);
      const ids: number[] = [...frame.before];
      const full = most + frame.before.length;
      if (most > 0) encodeUntil(wellFormed(text), (id) => ids.push(id) >= full);
      ids.push(...frame.after);
      return Int32Array.from(ids);
    },
    encodeWithPlaces(text, maxLength) {
      const most = room(maxLength);
      const ids: number[] = [];
      const starts: number[] = [];
      const ends: number[] = [];
      const given = wellFormed(text);
      const take = (id: number, start: number, end: number): boolean => {
        const [from, to] = withoutSpace(given, start, end);
        ids.push(id);
        starts.push(from);
        return ends.push(to) >= most;
      };
      if (most > 0) traceUntil(given, take);
      return framed({ ids, starts, ends }, frame, ends.at(-1) ?? 0);
    },
    piece: (id) => pieces[id] ?? '',
  };
}

function parse(file: string): unknown {
  try {
    return JSON.parse(file);
  } catch (cause) {
    throw new AppError(
      'BAD_FILE',
      'this is no tokenizer.json: it is not JSON, or cut short; fetch it again',
      {},
      cause,
    );
  }
}

/** Half of a surrogate pair has no meaning and no bytes: U+FFFD of the same length stands for it. */
function wellFormed(text: string): string {
  return /[\ud800-\udfff]/.test(text) ? text.replace(/\p{Cs}/gu, '\ufffd') : text;
}

function placeOf(traced: TracedText, from: number, to: number): [number, number] {
  let start = Infinity;
  let end = 0;
  for (let i = from; i < to; i++) {
    start = Math.min(start, traced.starts[i]!);
    end = Math.max(end, traced.ends[i]!);
  }
  return start === Infinity ? [end, end] : [start, end];
}

function withoutSpace(text: string, start: number, end: number): [number, number] {
  const part = text.slice(start, end);
  const before = spacesBefore(part);
  return before === part.length ? [start, end] : [start + before, end - spacesAfter(part)];
}

function framed(
  body: { ids: number[]; starts: number[]; ends: number[] },
  frame: { before: readonly number[]; after: readonly number[] },
  end: number,
): Pieces {
  const opening = frame.before.map(() => 0);
  const closing = frame.after.map(() => end);
  return {
    ids: Int32Array.from([...frame.before, ...body.ids, ...frame.after]),
    starts: Int32Array.from([...opening, ...body.starts, ...closing]),
    ends: Int32Array.from([...opening, ...body.ends, ...closing]),
  };
}
