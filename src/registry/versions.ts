// What versions a task has and what each one says of itself, read from manifests alone.
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord, type Json } from '../core/canonical-json.ts';
import { AppError } from '../core/errors.ts';
import { type Disk, errorCode, nodeDisk, replaceFile } from './disk.ts';
import { digestLine, jsonBytes, type Manifest, parseJson, parseManifest, sha256 } from './manifest.ts';
import { checkTask, DIGEST_FILE, ERASURES_FILE, MANIFEST_FILE, parseVersionId, RUN_FILE } from './names.ts';
import { readHistory, standing } from './pointer.ts';

const MAX_OWN_FILE_BYTES = 16 * 2 ** 20;

/** People whose data a version learned from asked to be forgotten: how many, and since when (UTC ms). */
export interface Erasures {
  readonly sinceMs: number;
  readonly users: number;
}

export interface VersionInfo extends Manifest {
  /** Such as `v3-1f9c2ab`: the third of its task, and the start of its manifest's digest. */
  readonly version: string;
  readonly sequence: number;
  /** SHA-256 of manifest.json. */
  readonly digest: string;
  /** UTC ms; NaN when run.json is gone. */
  readonly createdMs: number;
  /** Times and facts of the machine: outside the digest. */
  readonly run: Readonly<Record<string, Json>>;
  readonly promoted: boolean;
  /** Present when the version needs retraining. */
  readonly erasures?: Erasures;
}

/** A version's folder that cannot be trusted, and why. */
export interface DamagedVersion {
  readonly version: string;
  readonly problem: string;
}

export interface VersionList {
  /** By sequence, oldest first. */
  readonly versions: readonly VersionInfo[];
  readonly damaged: readonly DamagedVersion[];
}

/** Tasks that have at least one saved version, by name. */
export function listTasks(modelsDir: string): readonly string[] {
  return folders(modelsDir)
    .filter((task) => versionIds(join(modelsDir, task)).length > 0)
    .sort();
}

/**
 * Tasks that have a version in service, by name: what was saved and never promoted answers nobody. A task whose history cannot
 * be read is among them, so that whoever loads it says why.
 */
export function promotedTasks(modelsDir: string): readonly string[] {
  return listTasks(modelsDir).filter((task) => {
    try {
      return standing(readHistory(join(modelsDir, task))).length > 0;
    } catch (error) {
      if (error instanceof AppError) return true;
      throw error;
    }
  });
}

/** Manifests only: model files are neither read nor checked, so that a list of a thousand stays quick. */
export function listVersions(modelsDir: string, task: string): VersionList {
  const taskFolder = join(modelsDir, checkTask(task));
  const current = standing(readHistory(taskFolder)).at(-1)?.version;
  const versions: VersionInfo[] = [];
  const damaged: DamagedVersion[] = [];
  for (const version of versionIds(taskFolder)) {
    try {
      versions.push(readInfo(taskFolder, task, version, current));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      damaged.push({ version, problem: error.message });
    }
  }
  return { versions, damaged };
}

/**
 * One version by its reference: an id (`v3-1f9c2ab`), its sequence (`v3`), `latest`, `promoted`, or nothing: the promoted
 * one, else the latest.
 *
 * @throws AppError NOT_FOUND, and as `loadVersion` for its manifest
 */
export function showVersion(modelsDir: string, task: string, reference?: string): VersionInfo {
  const taskFolder = join(modelsDir, checkTask(task));
  const current = standing(readHistory(taskFolder)).at(-1)?.version;
  return readInfo(taskFolder, task, resolveVersion(taskFolder, task, { reference, current }), current);
}

function resolveVersion(
  taskFolder: string,
  task: string,
  { reference, current }: { reference?: string; current?: string },
): string {
  const ids = versionIds(taskFolder);
  const wanted = reference ?? (current === undefined ? 'latest' : 'promoted');
  if (wanted === 'promoted' && current === undefined) {
    throw new AppError('NOT_FOUND', `no version of "${task}" is promoted: promote one, or ask for "latest"`);
  }
  if (ids.length === 0) {
    const how = task === 'trunk' ? '"foresell pretrain" makes one' : 'train one first';
    throw new AppError('NOT_FOUND', `no saved model of "${task}": ${how}`);
  }
  const target = wanted === 'promoted' ? current : wanted;
  const found =
    target === 'latest' ? ids.at(-1) : ids.find((id) => id === target || id.split('-')[0] === target);
  if (found === undefined) {
    throw new AppError(
      'NOT_FOUND',
      `expected a version of "${task}" (${ids.length} saved, the latest is ${ids.at(-1)}), ` +
        `got ${JSON.stringify(String(target).slice(0, 40))}`,
    );
  }
  return found;
}

/** Version ids on disk, by sequence; staging leftovers and foreign names are passed over. */
export function versionIds(taskFolder: string): readonly string[] {
  return folders(taskFolder)
    .flatMap((id) => {
      const parsed = parseVersionId(id);
      return parsed ? [{ id, sequence: parsed.sequence }] : [];
    })
    .sort((a, b) => a.sequence - b.sequence || (a.id < b.id ? -1 : 1))
    .map(({ id }) => id);
}

function folders(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

function readInfo(
  taskFolder: string,
  task: string,
  version: string,
  current: string | undefined,
): VersionInfo {
  const folder = join(taskFolder, version);
  const parsed = parseVersionId(version);
  const bytes = readOwn(folder, MANIFEST_FILE, version);
  const line = readOwn(folder, DIGEST_FILE, version);
  const digest = sha256(bytes);
  if (Buffer.from(line).toString('latin1') !== digestLine(digest) || parsed?.prefix !== digest.slice(0, 7)) {
    throw tampered(version, MANIFEST_FILE, 'it is not the one its digest names');
  }
  const manifest = parseManifest(bytes, `${version}/${MANIFEST_FILE}`);
  if (manifest.task !== task) {
    throw tampered(version, MANIFEST_FILE, `it was saved for the task "${manifest.task}"`);
  }
  const run = readNote(folder, RUN_FILE);
  const erasures = readErasures(folder);
  return {
    ...manifest,
    version,
    sequence: parsed.sequence,
    digest,
    createdMs: typeof run.createdMs === 'number' ? run.createdMs : Number.NaN,
    run,
    promoted: version === current,
    ...(erasures ? { erasures } : {}),
  };
}

function readOwn(folder: string, file: string, version: string): Uint8Array {
  const path = join(folder, file);
  try {
    const found = lstatSync(path);
    if (!found.isFile()) throw tampered(version, file, 'it is not a plain file');
    if (found.size > MAX_OWN_FILE_BYTES) throw tampered(version, file, 'it is far too large');
    return readFileSync(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') throw tampered(version, file, 'it is missing');
    throw error;
  }
}

/** A file outside the digest: informative, so a broken one reads as empty. */
function readNote(folder: string, file: string): Record<string, Json> {
  try {
    if (lstatSync(join(folder, file)).size > MAX_OWN_FILE_BYTES) return {};
    const value = parseJson(readFileSync(join(folder, file)), file);
    return isRecord(value) ? (value as Record<string, Json>) : {};
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || (error instanceof AppError && error.code === 'BAD_FILE')) return {};
    throw error;
  }
}

/** A marker that is there but unreadable still says that somebody asked to be forgotten. */
function readErasures(folder: string): Erasures | undefined {
  try {
    lstatSync(join(folder, ERASURES_FILE));
  } catch {
    return undefined;
  }
  const { sinceMs, users } = readNote(folder, ERASURES_FILE);
  return {
    sinceMs: typeof sinceMs === 'number' ? sinceMs : 0,
    users: typeof users === 'number' ? users : 1,
  };
}

/** Marks a version for retraining because people in its training data were erased. Holds a count, never an id. */
export function markErasures(
  modelsDir: string,
  { task, version }: { task: string; version: string },
  erasures: { users: number; atMs: number },
  disk: Disk = nodeDisk,
): void {
  const taskFolder = join(modelsDir, checkTask(task));
  const folder = join(taskFolder, showVersion(modelsDir, task, version).version);
  const before = readErasures(folder);
  const marker = {
    sinceMs: before ? Math.min(before.sinceMs, erasures.atMs) : erasures.atMs,
    users: (before?.users ?? 0) + erasures.users,
  };
  replaceFile(join(folder, ERASURES_FILE), jsonBytes(marker), disk, taskFolder);
}

/** The one refusal of everything that is not as it was saved. */
export const tampered = (version: string, file: string, why: string): AppError =>
  new AppError(
    'TAMPERED',
    `${version}/${file} was refused: ${why}; restore the version from a backup, or train again`,
    { version, file },
  );
