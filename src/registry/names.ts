// What may be called what: task, version and file names that are safe on every file system and never leave their folder.
import { AppError } from '../core/errors.ts';

/** Files the registry itself keeps in a version's folder. */
export const MANIFEST_FILE = 'manifest.json';
export const DIGEST_FILE = 'manifest.sha256';
export const RUN_FILE = 'run.json';
export const ERASURES_FILE = 'erasures.json';
export const OWN_FILES: ReadonlySet<string> = new Set([MANIFEST_FILE, DIGEST_FILE, RUN_FILE, ERASURES_FILE]);

const SAFE = /^[a-z0-9][a-z0-9._-]{0,99}$/;
const WINDOWS_DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/;
const VERSION = /^v([1-9]\d{0,8})-([0-9a-f]{7})$/;

const isSafe = (text: string): boolean =>
  SAFE.test(text) && !text.includes('..') && !text.endsWith('.') && !WINDOWS_DEVICE.test(text);

/** @throws AppError USAGE when the name could point elsewhere or collide on another file system */
export function checkTask(task: string): string {
  if (isSafe(task) && !task.includes('.')) return task;
  throw new AppError('USAGE', `expected a task name such as "purchase", got ${shown(task)}`);
}

/** @throws AppError USAGE as `checkTask`, and for a name the registry keeps for itself */
export function checkFileName(file: string): string {
  if (isSafe(file) && !OWN_FILES.has(file)) return file;
  throw new AppError(
    'USAGE',
    `expected a file name of lower-case letters, digits, ".", "_" and "-" such as "model.json", got ${shown(file)}`,
  );
}

export const isFileName = (file: string): boolean => isSafe(file) && !OWN_FILES.has(file);

export const versionId = (sequence: number, digest: string): string => `v${sequence}-${digest.slice(0, 7)}`;

/** The parts of `v3-1f9c2ab`; `undefined` when it is no version id. */
export function parseVersionId(version: string): { sequence: number; prefix: string } | undefined {
  const match = VERSION.exec(version);
  return match ? { sequence: Number(match[1]), prefix: match[2] } : undefined;
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 60));
