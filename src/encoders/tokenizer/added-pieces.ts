// Pieces added to a vocabulary whole ("[MASK]", "</s>"): found in the text before or after it is normalised.
import {
  type FilePart,
  filePart,
  flagOf,
  listOf,
  numberOf,
  refuseTokenizer,
  textOf,
} from './bad-tokenizer-file.ts';
import { MOST_PIECES } from './models/read-word-model.ts';
import { spacesAfter, spacesBefore } from './steps/character-kind.ts';

export interface AddedPiece {
  readonly id: number;
  readonly content: string;
  /** Looked for in the normalised text, not in the text as given. */
  readonly isNormalised: boolean;
  readonly isSingleWord: boolean;
  /** Takes the white space on this side with it. */
  readonly takesLeft: boolean;
  readonly takesRight: boolean;
}

/** A stretch of text: an added piece, or text between. */
export interface Section {
  readonly start: number;
  readonly end: number;
  readonly id?: number;
}

/** @throws AppError BAD_FILE */
export function readAddedPieces(file: FilePart): readonly AddedPiece[] {
  return listOf(file, 'added_tokens').map((each, i) => {
    const part = filePart(each, `added_tokens[${i}]`);
    const id = numberOf(part, 'id');
    if (!Number.isInteger(id) || id < 0 || id >= MOST_PIECES)
      refuseTokenizer(`${part.at}.id is no number of a piece`);
    return {
      id,
      content: textOf(part, 'content'),
      isNormalised: flagOf(part, 'normalized', !flagOf(part, 'special', false)),
      isSingleWord: flagOf(part, 'single_word', false),
      takesLeft: flagOf(part, 'lstrip', false),
      takesRight: flagOf(part, 'rstrip', false),
    };
  });
}

/** Finds added pieces from the left, the longest first; `contentOf` says how each is written in such texts. */
export function sectionFinder(
  added: readonly AddedPiece[],
  contentOf: (piece: AddedPiece) => string,
): (text: string) => readonly Section[] {
  const byContent = new Map(added.map((piece) => [contentOf(piece), piece]));
  byContent.delete('');
  if (byContent.size === 0) return (text) => [{ start: 0, end: text.length }];
  const sorted = [...byContent.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(
    sorted.map((content) => content.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')).join('|'),
    'gu',
  );

  return (text) => {
    const sections: Section[] = [];
    let at = 0;
    for (const match of text.matchAll(pattern)) {
      const piece = byContent.get(match[0])!;
      let start = match.index;
      let end = start + match[0].length;
      if (start < at || (piece.isSingleWord && !standsAlone(text, start, end))) continue;
      if (piece.takesLeft) start = Math.max(at, start - spacesAfter(text.slice(0, start)));
      if (piece.takesRight) end += spacesBefore(text.slice(end));
      if (at < start) sections.push({ start: at, end: start });
      sections.push({ start, end, id: piece.id });
      at = end;
    }
    if (at < text.length) sections.push({ start: at, end: text.length });
    return sections;
  };
}

function standsAlone(text: string, start: number, end: number): boolean {
  return (
    !/[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}]$/u.test(text.slice(Math.max(0, start - 2), start)) &&
    !/^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}]/u.test(text.slice(end, end + 2))
  );
}
