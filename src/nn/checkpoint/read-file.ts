// A file of a run read whole, with words for when it is not there or is a folder.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { AppError } from '../../core/errors.ts';

/**
 * @param what the file should be, with its article: `a checkpoint`
 * @throws AppError NOT_FOUND, BAD_FILE; they name the file without its folder
 */
export function readWhole(path: string, what: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    const name = basename(path);
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new AppError('NOT_FOUND', `expected ${what} ${name}, found none`, {}, cause);
    const found = code === 'EISDIR' ? 'a folder; name the file in it' : `what cannot be read (${code})`;
    throw new AppError('BAD_FILE', `expected ${what} ${name}, got ${found}`, {}, cause);
  }
}
