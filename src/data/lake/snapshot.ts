// The lake's manifest: which files are the lake at this moment. Replaced as a whole by one rename.
import { existsSync, readFileSync } from 'node:fs';
import { AppError } from '../../core/errors.ts';
import { type Disk, replaceFile, sha256 } from '../disk.ts';
import { type Workspace, workspacePaths } from '../workspace.ts';

export const LAKE_TABLES = ['events', 'items', 'users'] as const;
export type LakeTable = (typeof LAKE_TABLES)[number];

/** One Parquet file of the lake. */
export interface LakePart {
  /** Relative to the workspace, with `/` between. */
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  /** First and last event, UTC ms; 0 for items and users. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** Sum over the rows of a 64-bit hash of each, as decimal text: equal rows in any order give an equal digest. */
  readonly digest: string;
}

/** A file of rejected rows. */
export interface QuarantinePart {
  readonly path: string;
  readonly rows: number;
}

/** A file whose rows are in another one now. */
export interface RetiredFile {
  readonly path: string;
  /** It is removed by the first change of the lake after that, UTC ms. */
  readonly untilMs: number;
}

export interface LakeSnapshot {
  readonly format: number;
  /** Counts the changes. */
  readonly version: number;
  /** The one currency of the lake's money; empty when there is none yet. */
  readonly currency: string;
  /** Counts the customers that were erased. */
  readonly erasures: number;
  readonly events: readonly LakePart[];
  readonly items: readonly LakePart[];
  readonly users: readonly LakePart[];
  readonly quarantine: readonly QuarantinePart[];
  /** Files that are the lake's no more, and lie there for readers that began before. */
  readonly retired: readonly RetiredFile[];
}

export const SNAPSHOT_FORMAT = 1;

const EMPTY: LakeSnapshot = {
  format: SNAPSHOT_FORMAT,
  version: 0,
  currency: '',
  erasures: 0,
  events: [],
  items: [],
  users: [],
  quarantine: [],
  retired: [],
};

/** @throws AppError VERSION when a newer version wrote it, BAD_FILE when it is damaged */
export function readSnapshot(workspace: Workspace): LakeSnapshot {
  const path = workspacePaths.snapshot(workspace);
  if (!existsSync(path)) return { ...EMPTY, currency: workspace.settings.currency };
  let snapshot: LakeSnapshot;
  try {
    snapshot = JSON.parse(readFileSync(path, 'utf8')) as LakeSnapshot;
  } catch (cause) {
    throw new AppError(
      'BAD_FILE',
      'expected JSON in lake/snapshot.json: restore it from a backup',
      {},
      cause,
    );
  }
  if (snapshot.format > SNAPSHOT_FORMAT) {
    throw new AppError(
      'VERSION',
      `expected a lake of format ${SNAPSHOT_FORMAT} or older, this one has ${snapshot.format}: update foresell`,
    );
  }
  return { ...EMPTY, ...snapshot };
}

/** The moment of commitment: before it readers see the old lake, after it the new one. */
export function writeSnapshot(workspace: Workspace, snapshot: LakeSnapshot, disk: Disk): void {
  replaceFile(disk, workspacePaths.snapshot(workspace), `${JSON.stringify(snapshot, null, 1)}\n`);
}

const WRAP = 1n << 128n;

/** Equal rows give an equal fingerprint, however they lie in files. */
export function fingerprintOf(snapshot: LakeSnapshot): string {
  const sums = LAKE_TABLES.map((table) => {
    let sum = 0n;
    let rows = 0;
    for (const part of snapshot[table]) {
      sum = (sum + BigInt(part.digest)) % WRAP;
      rows += part.rows;
    }
    return `${table}:${rows}:${sum}`;
  });
  return sha256(`${snapshot.currency}|${sums.join('|')}`);
}
