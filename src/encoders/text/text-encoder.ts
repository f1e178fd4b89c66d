// What every text encoder is, wherever its weights came from: a module over pieces, its values, and how a text becomes one vector.
import type { Json } from '../../core/canonical-json.ts';
import type { Module } from '../../nn/module.ts';
import type { Tensor } from '../../tensor/graph.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';

/** A batch of pieces, padded on the right. */
export interface PieceBatch {
  /** int32 [batch, time] */
  readonly ids: Tensor;
  /** float [batch, time], 1 = a piece, 0 = padding */
  readonly mask: Tensor;
}

/** From states of pieces to one vector: their mean, their largest, the opening piece's, or the file's own (`given`). */
export type TextPooling = 'mean' | 'max' | 'first' | 'given';

/** What is put in front of texts, for families trained so (E5: `query: `, `passage: `). */
export interface TextPrefixes {
  readonly query: string;
  readonly passage: string;
}

/** What an encoder is rebuilt from, its values aside; a saved model carries it. */
export interface EncoderPlan {
  /** `bert`, `roberta`, `distilbert`, `own`, `onnx`. */
  readonly family: string;
  readonly config: Json;
  /** The text of `tokenizer.json`. */
  readonly tokenizer: string;
  /** The model file, for the family `onnx` alone. */
  readonly graph?: Uint8Array;
}

/** A text encoder with its values; immutable. Parameter names are those its module declares at the root. */
export interface TextEncoder {
  /** For people: the folder's or hub's name. */
  readonly name: string;
  /** SHA-256 over plan and values, hex: what an embedding cache is keyed by. */
  readonly hash: string;
  readonly plan: EncoderPlan;
  readonly tokenizer: Tokenizer;
  readonly width: number;
  /** Of attention blocks; what `last-K` counts from. */
  readonly blocks: number;
  /** Pieces it can read at most, special ones counted. */
  readonly maxLength: number;
  readonly pooling: TextPooling;
  /** Whether its vectors are meant to have length one. */
  readonly isNormalised: boolean;
  readonly prefixes: TextPrefixes;
  readonly values: Readonly<Record<string, Float32Array>>;
  /**
   * The module that gives states of pieces, `[batch, time, width]`, at one batch shape.
   *
   * @param dropout share dropped while training; 0 where left out
   */
  module(
    shape: { readonly batch: number; readonly time: number },
    dropout?: number,
  ): Module<PieceBatch, Tensor>;
  /** The file's own vectors, `[batch, width]`, over the same parameters; absent where it has none. What `given` pools. */
  given?(shape: { readonly batch: number; readonly time: number }): Module<PieceBatch, Tensor>;
}
