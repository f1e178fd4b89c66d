// Where pictures come from: files, a folder, bytes at hand; each read only when its turn comes.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { AppError } from '../../core/errors.ts';

/** One picture still to be read. */
export interface ImageSource {
  /** What it is called in messages: a file's name without folders. */
  readonly name: string;
  /** @param mostBytes larger ones need not be read @throws AppError NOT_FOUND, BAD_FILE */
  read(mostBytes: number): Uint8Array | Promise<Uint8Array>;
}

/** Names that pictures have. */
const EXTENSIONS: ReadonlySet<string> = new Set(
  '.jpg .jpeg .jpe .png .webp .gif .avif .tif .tiff'.split(' '),
);

export const isImageName = (name: string): boolean => EXTENSIONS.has(extname(name).toLowerCase());

export const imageFile = (path: string): ImageSource => ({
  name: basename(path),
  read(mostBytes) {
    try {
      const found = statSync(path, { throwIfNoEntry: false });
      if (!found?.isFile()) throw new AppError('NOT_FOUND', 'expected a picture file, there is none');
      if (found.size > mostBytes)
        throw new AppError('BAD_FILE', `expected a picture of at most ${mostBytes} bytes, got ${found.size}`);
      return readFileSync(path);
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      throw new AppError('BAD_FILE', 'the picture file cannot be read; mend its rights', {}, cause);
    }
  },
});

export const imageBytes = (name: string, bytes: Uint8Array): ImageSource => ({ name, read: () => bytes });

/**
 * The pictures of a folder, by name; folders within are not entered.
 *
 * @throws AppError NOT_FOUND for a folder that is not there or holds no picture
 */
export function imageFolder(folder: string): readonly ImageSource[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new AppError('NOT_FOUND', `expected a folder of pictures at "${folder}", there is none`);
  const names = readdirSync(folder).filter(isImageName).sort();
  if (names.length === 0)
    throw new AppError(
      'NOT_FOUND',
      `expected pictures (${[...EXTENSIONS].join(', ')}) in "${folder}", it holds none`,
    );
  return names.map((name) => imageFile(join(folder, name)));
}
