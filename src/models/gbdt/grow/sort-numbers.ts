// Sorting doubles as the integers their bits are: comparing those takes half the time.

const SIGN = 0x80000000;

/** Sorts in place, rising; −0 before 0. Numbers only: no NaN. */
export function sortNumbers(values: Float64Array): Float64Array {
  const { buffer, byteOffset, length } = values;
  const words = new Uint32Array(buffer, byteOffset, 2 * length);
  const high = isLittleEndian() ? 1 : 0;
  // The bits of negative numbers fall as the numbers rise, and stand above those of the positive ones.
  for (let i = 0; i < words.length; i += 2) {
    if (words[i + high] >= SIGN) {
      words[i] = ~words[i];
      words[i + 1] = ~words[i + 1];
    } else words[i + high] |= SIGN;
  }
  new BigUint64Array(buffer, byteOffset, length).sort();
  for (let i = 0; i < words.length; i += 2) {
    if (words[i + high] >= SIGN) words[i + high] &= ~SIGN;
    else {
      words[i] = ~words[i];
      words[i + 1] = ~words[i + 1];
    }
  }
  return values;
}

const isLittleEndian = (): boolean => new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
