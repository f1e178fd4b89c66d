// What a tokenizer does for an encoder: text to numbers of pieces, and where each piece stood.

/** A text as pieces, special ones included, cut to a greatest length. */
export interface Pieces {
  /** [pieces] */
  readonly ids: Int32Array;
  /** Where each piece begins and ends in the text as given, in UTF-16 units, [pieces] each; equal for special pieces. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** Pieces with a part of their own in a model; absent where the tokenizer has none. */
export interface SpecialPieces {
  readonly pad: number;
  readonly unknown?: number;
  readonly opening?: number;
  readonly closing?: number;
  readonly mask?: number;
}

/** A tokenizer as its file describes it; immutable. */
export interface Tokenizer {
  /** How many pieces it knows: ids lie in [0, size). */
  readonly size: number;
  readonly special: SpecialPieces;
  /** The text of `tokenizer.json`: what a saved model carries. */
  readonly file: string;
  /**
   * The pieces of a text as the model wants them, opening and closing pieces put around; too long texts lose their end
   * and keep the closing piece.
   *
   * @param maxLength special pieces counted
   */
  encode(text: string, maxLength: number): Int32Array;
  /** The same, with the place of each piece in the text: slower. */
  encodeWithPlaces(text: string, maxLength: number): Pieces;
  /** A piece as the vocabulary writes it; empty for an id it does not know. */
  piece(id: number): string;
}
