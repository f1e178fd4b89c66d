// What every saved answerer is made of: a document in a format of its own, its model, the rows that stand for all.
import { isRecord, type Json } from '../core/canonical-json.ts';
import { AppError } from '../core/errors.ts';
import type { Frame } from '../core/frame.ts';
import { loadModel } from '../models/catalogue.ts';
import type { Model } from '../models/estimator.ts';
import { frameFiles, readFrame } from './frame-files.ts';
import { fileBytes, type LoadedVersion } from './load.ts';
import { parseJson } from './manifest.ts';
import { readSavedModel, savedModelFiles } from './saved-model-files.ts';

/** Rows that stand for everybody in explanations, and where they were drawn from. */
export interface BundleBackground {
  readonly frame: Frame;
  readonly seed: number;
  readonly drawnFrom: number;
}

export interface Answerer<Corrections> {
  readonly model: Model;
  readonly corrections: Corrections;
  readonly background: BundleBackground;
}

/** The document of one kind of answerer, and the words for a person who has another. */
export interface DocumentKind {
  readonly file: string;
  readonly formatKey: string;
  readonly format: number;
  readonly what: string;
  readonly remedy: string;
}

/** @param rest what this kind of answerer says besides, as plain JSON */
export function answererFiles<Corrections>(
  { file, formatKey, format }: DocumentKind,
  { model, corrections, background }: Answerer<Corrections>,
  rest: object,
): Record<string, Json | Uint8Array> {
  const { frame, ...drawn } = background;
  const document = { [formatKey]: format, ...rest, corrections, background: drawn };
  return {
    [file]: JSON.parse(JSON.stringify(document)) as Json,
    ...savedModelFiles('model', model.save()),
    ...frameFiles('background', frame),
  };
}

/**
 * Reads what `answererFiles` wrote: the manifest's digests have said that the bytes are the same.
 *
 * @throws AppError BAD_FILE for a document of another shape, VERSION for one of a newer format
 */
export function readAnswerer<Corrections, Rest>(
  { file, formatKey, format, what, remedy }: DocumentKind,
  { files }: LoadedVersion,
): Answerer<Corrections> & { readonly rest: Rest } {
  const document = parseJson(fileBytes(files, file), file);
  const found = isRecord(document) ? document[formatKey] : undefined;
  if (typeof found !== 'number')
    throw new AppError('BAD_FILE', `expected ${what} in ${file}, got JSON of another shape: ${remedy}`);
  if (found > format)
    throw new AppError(
      'VERSION',
      `expected ${what} of format ${format} or older, got ${found}: update foresell`,
    );
  const { corrections, background, [formatKey]: _, ...rest } = document as Record<string, unknown>;
  return {
    rest: rest as Rest,
    model: loadModel(readSavedModel(files, 'model')),
    corrections: corrections as Corrections,
    background: { ...(background as Omit<BundleBackground, 'frame'>), frame: readFrame(files, 'background') },
  };
}
