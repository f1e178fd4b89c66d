// Loading a version: every byte is checked against the manifest before any of it is read as anything.
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../core/errors.ts';
import { errorCode } from './disk.ts';
import { type ManifestFile, sha256 } from './manifest.ts';
import { OWN_FILES } from './names.ts';
import { showVersion, tampered, type VersionInfo } from './versions.ts';

export interface LoadedVersion extends Omit<VersionInfo, 'files'> {
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Droppings of file browsers: never ours, never read, no reason to refuse a model. */
const IGNORED: ReadonlySet<string> = new Set(['.DS_Store', 'Thumbs.db', 'desktop.ini']);

/** What one version may weigh unless the caller says otherwise. */
const MAX_BYTES = 4 * 2 ** 30;

/**
 * All files of a version, each held against the manifest's size and SHA-256; the bytes returned are the bytes checked.
 *
 * The digests guard against damage and careless edits. Somebody who may write the whole folder can write matching digests
 * too: who needs more keeps `VersionInfo.digest` elsewhere and compares.
 *
 * @param reference as for `showVersion`
 * @throws AppError TAMPERED naming the first file that is changed, missing, extra or no plain file; VERSION for a newer
 *   format; NOT_FOUND; BAD_FILE when it is larger than `maxBytes`
 */
export function loadVersion(
  modelsDir: string,
  task: string,
  reference?: string,
  { maxBytes = MAX_BYTES }: { maxBytes?: number } = {},
): LoadedVersion {
  const info = showVersion(modelsDir, task, reference);
  const total = info.files.reduce((sum, file) => sum + file.size, 0);
  if (total > maxBytes) {
    throw new AppError(
      'BAD_FILE',
      `expected at most ${maxBytes} bytes in ${info.version}, its manifest names ${total}`,
    );
  }
  const folder = join(modelsDir, task, info.version);
  const known = new Set(info.files.map((file) => file.name));
  for (const entry of readdirSync(folder).sort()) {
    if (known.has(entry) || OWN_FILES.has(entry) || IGNORED.has(entry)) continue;
    throw tampered(info.version, entry, 'its manifest does not name it');
  }
  const files = new Map<string, Uint8Array>();
  for (const file of info.files) files.set(file.name, readChecked(folder, info.version, file));
  return { ...info, files };
}

function readChecked(folder: string, version: string, file: ManifestFile): Uint8Array {
  const path = join(folder, file.name);
  let bytes: Uint8Array;
  try {
    const found = lstatSync(path);
    if (!found.isFile()) throw tampered(version, file.name, 'it is not a plain file');
    if (found.size !== file.size) {
      throw tampered(version, file.name, `expected ${file.size} bytes, got ${found.size}`);
    }
    bytes = readFileSync(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') throw tampered(version, file.name, 'it is missing');
    throw error;
  }
  if (sha256(bytes) !== file.sha256) {
    throw tampered(version, file.name, 'its bytes are not the ones that were saved');
  }
  return bytes;
}

/** One checked file's bytes. @throws AppError BAD_FILE when the version holds none of that name */
export function fileBytes(files: ReadonlyMap<string, Uint8Array>, file: string): Uint8Array {
  const bytes = files.get(file);
  if (bytes) return bytes;
  throw new AppError('BAD_FILE', `expected a file "${file}" in the saved version, there is none`);
}
