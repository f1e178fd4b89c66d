// Changes a lake from one whole state to the next: staged files are moved in, then the manifest is replaced.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Disk, listFiles } from '../disk.ts';
import { type Workspace, workspacePaths } from '../workspace.ts';
import { type LakeSnapshot, readSnapshot, writeSnapshot } from './snapshot.ts';

/** A file written in scratch and where it belongs, relative to the workspace. */
export interface StagedFile {
  readonly from: string;
  readonly to: string;
}

/**
 * Publishes a new state. Call it under the lake's lock.
 *
 * A failure at any step leaves the lake as it was (files moved in but not yet named are nobody's and are swept at the next
 * write) or, after the manifest's rename, as it shall be.
 *
 * @param next  the state to come; every file it names is staged or already there
 */
export function commitLake(
  workspace: Workspace,
  staged: readonly StagedFile[],
  next: LakeSnapshot,
  disk: Disk,
): void {
  const folders = new Set<string>();
  for (const { from, to } of staged) {
    const target = join(workspace.dir, to);
    disk.makeFolder(dirname(target));
    disk.sync(from);
    disk.move(from, target);
    folders.add(dirname(target));
  }
  for (const folder of folders) disk.sync(folder);
  disk.makeFolder(workspacePaths.lake(workspace));
  writeSnapshot(workspace, next, disk);
  sweepLake(workspace, disk);
}

/** Removes what no manifest names: parts of an interrupted write, and files a newer state has replaced. */
export function sweepLake(workspace: Workspace, disk: Disk, nowMs = Date.now()): void {
  const snapshot = readSnapshot(workspace);
  const named = new Set(
    [
      ...[...snapshot.events, ...snapshot.items, ...snapshot.users, ...snapshot.quarantine],
      ...snapshot.retired.filter(({ untilMs }) => untilMs > nowMs),
    ].map((part) => part.path),
  );
  for (const folder of ['lake/events', 'lake/items', 'lake/users', 'quarantine']) {
    const root = join(workspace.dir, folder);
    for (const file of listFiles(root)) {
      if (!named.has(`${folder}/${file}`)) disk.remove(join(root, file));
    }
    removeEmptyFolders(root, disk);
  }
  disk.remove(`${workspacePaths.snapshot(workspace)}.new`);
}

function removeEmptyFolders(root: string, disk: Disk): void {
  if (!existsSync(root)) return;
  for (const name of readdirSync(root)) {
    const path = join(root, name);
    if (statSync(path).isDirectory() && listFiles(path).length === 0) disk.remove(path);
  }
}
