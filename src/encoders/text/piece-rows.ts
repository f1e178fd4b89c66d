// Texts cut into pieces, one after the other in one array.

/** Text i is `ids[offsets[i] … offsets[i + 1])`. */
export interface PieceRows {
  readonly ids: Int32Array;
  readonly offsets: Uint32Array;
}

export function joinPieces(texts: readonly Int32Array[]): PieceRows {
  const offsets = new Uint32Array(texts.length + 1);
  texts.forEach((pieces, i) => {
    offsets[i + 1] = offsets[i] + pieces.length;
  });
  const ids = new Int32Array(offsets[texts.length]);
  texts.forEach((pieces, i) => {
    ids.set(pieces, offsets[i]);
  });
  return { ids, offsets };
}
