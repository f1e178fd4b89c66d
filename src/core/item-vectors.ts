// What an encoder made of items: a vector of a title, of a photograph, and for which items there is one.

export interface ItemVectors {
  /** Of what: `text`, `image`. */
  readonly name: string;
  readonly width: number;
  /** [items, width]; numbers of items without one are not read. */
  readonly values: Float32Array;
  /** 1 where the item has one, [items] */
  readonly known: Uint8Array;
}

/** The vectors of some items, in that order; an item that is not there has none. */
export function takeVectors(
  { name, width, values, known }: ItemVectors,
  items: ArrayLike<number>,
): ItemVectors {
  const taken = new Float32Array(items.length * width);
  const has = new Uint8Array(items.length);
  for (let at = 0; at < items.length; at++) {
    const item = items[at];
    if (known[item] !== 1) continue;
    taken.set(values.subarray(item * width, (item + 1) * width), at * width);
    has[at] = 1;
  }
  return { name, width, values: taken, known: has };
}
