// A model at rest as two files of a version: PREFIX.json for structure, PREFIX.bin for its arrays.
import { isRecord, type Json } from '../core/canonical-json.ts';
import { AppError } from '../core/errors.ts';
import type { SavedModel } from '../models/estimator.ts';
import { packArrays, unpackArrays } from './array-pack.ts';
import { fileBytes } from './load.ts';
import { parseJson } from './manifest.ts';

const FILES_FORMAT = 1;

/** The files of one model; spread them into a draft's `files`. A model without arrays has no `.bin`. */
export function savedModelFiles(prefix: string, saved: SavedModel): Record<string, Json | Uint8Array> {
  const { index, bytes } = packArrays(saved.arrays ?? {});
  const document: Json = {
    files_format: FILES_FORMAT,
    estimator: saved.estimator,
    format: saved.format,
    state: saved.state,
    ...(saved.arrays ? { arrays: index.map((entry) => ({ ...entry })) } : {}),
  };
  return { [`${prefix}.json`]: document, ...(saved.arrays ? { [`${prefix}.bin`]: bytes } : {}) };
}

/**
 * Reads what `savedModelFiles` wrote, from checked bytes.
 *
 * @throws AppError BAD_FILE, VERSION for a newer layout
 */
export function readSavedModel(files: ReadonlyMap<string, Uint8Array>, prefix: string): SavedModel {
  const where = `${prefix}.json`;
  const document = parseJson(fileBytes(files, where), where);
  if (!isRecord(document)) throw badModel(where);
  checkFilesFormat(document.files_format, FILES_FORMAT, where);
  const { estimator, format, state, arrays } = document;
  if (typeof estimator !== 'string' || typeof format !== 'number' || state === undefined)
    throw badModel(where);
  const saved: SavedModel = { estimator, format, state: state as Json };
  if (arrays === undefined) return saved;
  const unpacked = unpackArrays(arrays, fileBytes(files, `${prefix}.bin`), where);
  return { ...saved, arrays: Object.fromEntries(unpacked) as SavedModel['arrays'] };
}

/** @throws AppError VERSION for a newer layout, BAD_FILE for none */
export function checkFilesFormat(found: unknown, known: number, where: string): void {
  if (typeof found !== 'number') {
    throw new AppError('BAD_FILE', `expected "files_format" in ${where}, there is none`);
  }
  if (found > known) {
    throw new AppError(
      'VERSION',
      `expected ${where} of format ${known} or older, got ${found}: it was saved by a newer foresell, update this one`,
    );
  }
}

const badModel = (where: string): AppError =>
  new AppError('BAD_FILE', `expected a saved model in ${where}, got JSON of another shape`);
