// A folder for the working files of one write, gone when it ends; those of dead writers go at the next write.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Workspace, workspacePaths } from '../workspace.ts';

/** Runs `work` with a fresh folder on the workspace's own file system, so that its files can be renamed into the lake. */
export async function withScratch<T>(
  workspace: Workspace,
  what: string,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const root = workspacePaths.scratch(workspace);
  mkdirSync(root, { recursive: true });
  const folder = mkdtempSync(join(root, `${what}-`));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Removes the scratch of every earlier writer. Call it under the lake's lock: whoever wrote there is dead. */
export function clearScratch(workspace: Workspace): void {
  rmSync(workspacePaths.scratch(workspace), { recursive: true, force: true });
}
