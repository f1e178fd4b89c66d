// A file of weights whole in memory, however large: one read of Node's ends at two gigabytes.
import { constants } from 'node:buffer';
import { open } from 'node:fs/promises';
import { AppError } from '../../core/errors.ts';

const MOST_AT_ONCE = 2 ** 30;

/** @throws AppError BAD_FILE for one that no array can hold, or that grows shorter while it is read */
export async function readWeightsFile(path: string, mostAtOnce = MOST_AT_ONCE): Promise<Buffer> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size > constants.MAX_LENGTH)
      throw new AppError(
        'BAD_FILE',
        `"${path}": expected weights of at most ${(constants.MAX_LENGTH / 1e9).toFixed(1)} GB in one file, got ${(size / 1e9).toFixed(1)} GB: take the model in shards`,
      );
    const bytes = Buffer.allocUnsafeSlow(size);
    for (let at = 0; at < size; ) {
      const { bytesRead } = await file.read(bytes, at, Math.min(mostAtOnce, size - at), at);
      if (bytesRead === 0)
        throw new AppError('BAD_FILE', `"${path}": expected ${size} bytes, the file ends after ${at}`);
      at += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}
