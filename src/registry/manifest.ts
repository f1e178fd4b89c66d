// The manifest: what a version is made of, with the digest of every file; its own digest names the version.
import { createHash } from 'node:crypto';
import { canonicalJson, isRecord, type Json } from '../core/canonical-json.ts';
import { AppError } from '../core/errors.ts';
import { isFileName } from './names.ts';

/** Raised when a manifest of this version could not be read by the one before. */
export const MANIFEST_FORMAT = 1;

export interface ManifestFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/**
 * Everything that follows from the data, the settings and the seed, and nothing else: no time, no machine, no sequence
 * number. Two trainings with the same inputs write the same bytes.
 */
export interface Manifest {
  readonly format: number;
  readonly task: string;
  /** Sorted by name. */
  readonly files: readonly ManifestFile[];
  readonly dataFingerprint: string;
  readonly settings: Json;
  readonly seed: number;
  readonly metrics: Json;
  readonly productVersion: string;
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export const jsonBytes = (value: unknown): Uint8Array => Buffer.from(`${canonicalJson(value)}\n`);

/** The manifest's digest in the form `sha256sum --check` reads. */
export const digestLine = (digest: string): string => `${digest}  manifest.json\n`;

/**
 * Reads a manifest whose bytes have been checked.
 *
 * @throws AppError VERSION for a newer format, BAD_FILE when it does not read as a manifest
 */
export function parseManifest(bytes: Uint8Array, where: string): Manifest {
  const value = parseJson(bytes, where);
  if (!isRecord(value) || typeof value.format !== 'number') throw badManifest(where);
  if (value.format > MANIFEST_FORMAT) {
    throw new AppError(
      'VERSION',
      `expected a manifest of format ${MANIFEST_FORMAT} or older in ${where}, got ${value.format}: ` +
        'it was saved by a newer foresell, update this one',
    );
  }
  const { task, files, dataFingerprint, settings, seed, metrics, productVersion } = value;
  if (
    typeof task !== 'string' ||
    typeof dataFingerprint !== 'string' ||
    typeof seed !== 'number' ||
    typeof productVersion !== 'string' ||
    !Array.isArray(files) ||
    !files.every(isManifestFile) ||
    new Set(files.map((file) => file.name)).size !== files.length
  ) {
    throw badManifest(where);
  }
  return {
    format: value.format,
    task,
    files,
    dataFingerprint,
    settings: settings as Json,
    seed,
    metrics: metrics as Json,
    productVersion,
  };
}

const isManifestFile = (value: unknown): value is ManifestFile =>
  isRecord(value) &&
  typeof value.name === 'string' &&
  isFileName(value.name) &&
  Number.isSafeInteger(value.size) &&
  (value.size as number) >= 0 &&
  typeof value.sha256 === 'string' &&
  /^[0-9a-f]{64}$/.test(value.sha256);

/** @throws AppError BAD_FILE */
export function parseJson(bytes: Uint8Array, where: string): Json {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Json;
  } catch (cause) {
    throw new AppError('BAD_FILE', `expected JSON in ${where}, got something else`, {}, cause);
  }
}

const badManifest = (where: string): AppError =>
  new AppError('BAD_FILE', `expected a manifest in ${where}, got JSON of another shape`);
