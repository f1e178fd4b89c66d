// Saving a version: staged beside its place, forced to disk, then moved there in one step.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../core/canonical-json.ts';
import { AppError } from '../core/errors.ts';
import { PRODUCT_VERSION } from '../core/product.ts';
import { type Disk, errorCode, guardDisk, nodeDisk } from './disk.ts';
import { digestLine, jsonBytes, MANIFEST_FORMAT, type Manifest, sha256 } from './manifest.ts';
import {
  checkFileName,
  checkTask,
  DIGEST_FILE,
  MANIFEST_FILE,
  parseVersionId,
  RUN_FILE,
  versionId,
} from './names.ts';
import { showVersion, type VersionInfo, versionIds } from './versions.ts';

/** A version about to be saved. Everything but `run` enters the digest. */
export interface VersionDraft {
  readonly task: string;
  /** Bytes as they are, anything else as canonical JSON. */
  readonly files: Readonly<Record<string, Json | Uint8Array>>;
  readonly dataFingerprint: string;
  readonly settings: Json;
  readonly seed: number;
  readonly metrics: Json;
  /** Times and facts of the machine; `createdMs` is the version's date. */
  readonly run: { readonly createdMs: number } & Readonly<Record<string, Json>>;
}

/**
 * Saves one version of a task. The caller holds the task's lock; readers need none.
 *
 * A crash at any point leaves the versions as they were: what was staged is passed over by every reader and cleared away
 * by the next save.
 *
 * @throws AppError USAGE for an unsafe name, DISK when the disk refuses
 */
export function saveVersion(modelsDir: string, draft: VersionDraft, disk: Disk = nodeDisk): VersionInfo {
  const taskFolder = join(modelsDir, checkTask(draft.task));
  const files = fileBytesOf(draft.files);
  const manifest = jsonBytes(manifestOf(draft, files));
  const digest = sha256(manifest);
  guardDisk(() => disk.makeFolder(taskFolder));
  clearLeftovers(taskFolder);
  const staging = stagingFolder(taskFolder);
  busy.add(staging);
  try {
    return guardDisk(() => {
      disk.makeFolder(staging);
      for (const [name, bytes] of files) disk.writeFile(join(staging, name), bytes);
      disk.writeFile(join(staging, RUN_FILE), jsonBytes(draft.run));
      disk.writeFile(join(staging, DIGEST_FILE), Buffer.from(digestLine(digest)));
      disk.writeFile(join(staging, MANIFEST_FILE), manifest);
      disk.syncFolder(staging);
      const version = versionId(nextSequence(taskFolder), digest);
      disk.rename(staging, join(taskFolder, version));
      disk.syncFolder(taskFolder);
      return showVersion(modelsDir, draft.task, version);
    });
  } finally {
    rmSync(staging, { recursive: true, force: true });
    busy.delete(staging);
  }
}

function manifestOf(draft: VersionDraft, files: ReadonlyMap<string, Uint8Array>): Manifest {
  return {
    format: MANIFEST_FORMAT,
    task: draft.task,
    files: [...files].map(([name, bytes]) => ({ name, size: bytes.length, sha256: sha256(bytes) })),
    dataFingerprint: draft.dataFingerprint,
    settings: draft.settings,
    seed: draft.seed,
    metrics: draft.metrics,
    productVersion: PRODUCT_VERSION,
  };
}

/** Names checked, contents as bytes, sorted by name. */
function fileBytesOf(files: VersionDraft['files']): ReadonlyMap<string, Uint8Array> {
  const names = Object.keys(files).map(checkFileName).sort();
  if (names.length === 0) throw new AppError('USAGE', 'expected at least one file in a version, got none');
  return new Map(
    names.map((name) => {
      const content = files[name];
      return [name, content instanceof Uint8Array ? content : jsonBytes(content)];
    }),
  );
}

const nextSequence = (taskFolder: string): number =>
  1 + (parseVersionId(versionIds(taskFolder).at(-1) ?? '')?.sequence ?? 0);

const STAGING = /^\.staging-(\d+)-\d+(\.file)?$/;
/** Staging folders this process is filling right now. */
const busy = new Set<string>();
let staged = 0;

function stagingFolder(taskFolder: string): string {
  staged++;
  return join(taskFolder, `.staging-${process.pid}-${staged}`);
}

/** Removes what a process that died while saving left behind; what a living one is filling stays. */
function clearLeftovers(taskFolder: string): void {
  for (const entry of readdirSync(taskFolder)) {
    const match = STAGING.exec(entry);
    if (!match || busy.has(join(taskFolder, entry))) continue;
    if (isAlive(Number(match[1]))) continue;
    rmSync(join(taskFolder, entry), { recursive: true, force: true });
  }
}

/** Whether another process of that id lives; our own id counts as dead, as it is then an earlier process's. */
function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== 'ESRCH';
  }
}
