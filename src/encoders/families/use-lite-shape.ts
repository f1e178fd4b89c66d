// The sizes of Universal Sentence Encoder Lite, which has one shape only.

export const USE_LITE = {
  vocabulary: 8002,
  /** Of pieces, before the first block widens them. */
  pieceWidth: 256,
  width: 512,
  heads: 4,
  inner: 1536,
  blocks: 2,
  /** Pieces read at most. */
  length: 128,
  epsilon: 1e-6,
} as const;
