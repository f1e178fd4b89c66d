// Telling saved models that somebody they learned from was erased: a small file beside each, which names nobody.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Disk, replaceFile } from '../disk.ts';
import { type Workspace, workspacePaths } from '../workspace.ts';

/** What `erasures.json` in a version's folder holds; the registry reads the same. */
interface ErasureMark {
  /** UTC ms of the first erasure after the version was saved. */
  readonly sinceMs: number;
  readonly users: number;
}

/** Versions on disk as `task/version`, by name. */
export function savedVersions(workspace: Workspace): string[] {
  const root = workspacePaths.models(workspace);
  return foldersIn(root).flatMap((task) =>
    foldersIn(join(root, task))
      .filter((version) => existsSync(join(root, task, version, 'manifest.json')))
      .map((version) => `${task}/${version}`),
  );
}

/** Counts one more erased customer in the mark of each version. */
export function markModels(
  workspace: Workspace,
  versions: readonly string[],
  { atMs, disk }: { atMs: number; disk: Disk },
): void {
  for (const version of versions) {
    const path = join(workspacePaths.models(workspace), version, 'erasures.json');
    const before = readMark(path);
    const mark: ErasureMark = {
      sinceMs: Math.min(before?.sinceMs ?? atMs, atMs),
      users: (before?.users ?? 0) + 1,
    };
    replaceFile(disk, path, `${JSON.stringify(mark)}\n`);
  }
}

/** A mark that is there but unreadable still says that one customer was erased. */
function readMark(path: string): ErasureMark | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const { sinceMs, users } = JSON.parse(readFileSync(path, 'utf8')) as Partial<ErasureMark>;
    if (typeof sinceMs === 'number' && typeof users === 'number') return { sinceMs, users };
  } catch {
    // Damaged: counted as one below.
  }
  return { sinceMs: 0, users: 1 };
}

const foldersIn = (path: string): string[] =>
  existsSync(path)
    ? readdirSync(path, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
        .map((entry) => entry.name)
        .sort()
    : [];
