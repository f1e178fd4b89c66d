// A saved model as bytes to compare, and as it comes back from a disk.
import type { SavedModel } from '../src/models/estimator.ts';

/** JSON for structure, bytes for arrays: what a registry writes. */
export const bytesOf = (saved: SavedModel): string =>
  JSON.stringify({
    ...saved,
    arrays: Object.entries(saved.arrays ?? {}).map(([key, array]) => [
      key,
      Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('base64'),
    ]),
  });

/** The saved model as a stranger would read it back from disk. */
export function throughDisk(saved: SavedModel): SavedModel {
  const { arrays, ...rest } = saved;
  const copies = Object.entries(arrays ?? {}).map(([key, array]) => [key, array.slice()]);
  return { ...JSON.parse(JSON.stringify(rest)), ...(arrays && { arrays: Object.fromEntries(copies) }) };
}
