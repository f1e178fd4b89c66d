// Lengths that batches of texts are padded to.

const SHORTEST = 16;

/** 16, 24, 32, 48, 64, 96 … up to the greatest: at most half of a batch is padding, and programs stay few. */
export function pieceLengths(greatest: number): readonly number[] {
  const lengths: number[] = [];
  for (let length = SHORTEST; length < greatest; length *= 2) {
    lengths.push(length);
    if (length * 1.5 < greatest) lengths.push(length * 1.5);
  }
  return [...lengths, greatest];
}
