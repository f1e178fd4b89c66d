// Numbers that arrive one by one, and texts that become numbers: flat arrays while a file of unknown length is read.

/** An Int32Array that grows. */
export interface GrowingInts {
  readonly push: (value: number) => void;
  readonly length: () => number;
  /** What was pushed; a copy of its own. */
  readonly taken: () => Int32Array;
}

export function growingInts(capacity = 1 << 16): GrowingInts {
  let values = new Int32Array(capacity);
  let count = 0;
  return {
    push(value) {
      if (count === values.length) {
        const wider = new Int32Array(2 * count);
        wider.set(values);
        values = wider;
      }
      values[count++] = value;
    },
    length: () => count,
    taken: () => values.slice(0, count),
  };
}

/** Texts by the order in which they first came. */
export interface TextCodes {
  /** The text's code, a new one where it has none. */
  readonly code: (text: string) => number;
  readonly has: (text: string) => boolean;
  readonly texts: () => readonly string[];
}

export function textCodes(): TextCodes {
  const codes = new Map<string, number>();
  return {
    code(text) {
      const known = codes.get(text);
      if (known !== undefined) return known;
      // A piece of a line would keep the whole chunk it was cut from alive.
      codes.set(Buffer.from(text).toString(), codes.size);
      return codes.size - 1;
    },
    has: (text) => codes.has(text),
    texts: () => [...codes.keys()],
  };
}
