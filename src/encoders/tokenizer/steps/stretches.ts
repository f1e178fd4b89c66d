// Parts a long text for `Intl.Segmenter`, whose time grows with the square of the length in Node 20.

const STRETCH = 256;

/**
 * `[start, end]` of stretches of at least 256 units, each but the first beginning at a printable ASCII sign or a common Han
 * character: nothing that belongs to the character before it.
 */
export function* stretches(text: string): Generator<readonly [number, number]> {
  for (let start = 0; start < text.length; ) {
    let end = Math.min(text.length, start + STRETCH);
    while (end < text.length && !opensCharacter(text.charCodeAt(end))) end++;
    yield [start, end];
    start = end;
  }
}

function opensCharacter(unit: number): boolean {
  return (unit >= 0x20 && unit <= 0x7e) || (unit >= 0x4e00 && unit <= 0x9fff);
}
