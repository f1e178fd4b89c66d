// For tests: a workspace in a temporary folder, small files in it, and a look at what arrived.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cell, openEngine, sqlText } from '../engine.ts';
import { readSource } from '../lake/read.ts';
import { readSnapshot } from '../lake/snapshot.ts';
import { createWorkspace, type Workspace, type WorkspaceSettings } from '../workspace.ts';
import { type ImportOptions, type ImportReport, importFiles } from './import-files.ts';
import { parseMapping } from './mapping.ts';

/** The present of every test that does not say otherwise. */
export const NOW_MS = Date.UTC(2025, 5, 1);

export interface SampleShop {
  readonly workspace: Workspace;
  /** Writes a file beside the workspace and gives its path. */
  write(name: string, content: string | Uint8Array): string;
  import(path: string | readonly string[], mapping: string, options?: ImportOptions): Promise<ImportReport>;
  /** Rows of the lake, in a stable order. */
  rows(table: 'events' | 'items' | 'users', columns?: string): Promise<Record<string, Cell>[]>;
  quarantine(): Promise<Record<string, Cell>[]>;
  remove(): void;
}

/** @param mapping  texts are parsed as mapping files, single words are names of ready mappings */
export function sampleShop(settings: Partial<WorkspaceSettings> = {}): SampleShop {
  const root = mkdtempSync(join(tmpdir(), 'foresell-test-'));
  const workspace = createWorkspace(join(root, 'shop'), settings);
  const inbox = join(root, 'inbox');
  mkdirSync(inbox);
  const query = async (sql: string) => {
    const engine = await openEngine({ threads: 1 });
    try {
      return await engine.rows<Record<string, Cell>>(sql);
    } finally {
      engine.close();
    }
  };
  return {
    workspace,
    write(name, content) {
      const path = join(inbox, name);
      writeFileSync(path, content);
      return path;
    },
    import: async (path, mapping, options = {}) =>
      importFiles(
        workspace,
        typeof path === 'string' ? [path] : path,
        /\s/.test(mapping) ? parseMapping(mapping) : mapping,
        { nowMs: NOW_MS, threads: 2, ...options },
      ),
    async rows(table, columns = '*') {
      const engine = await openEngine({ threads: 1 });
      try {
        const relation = (await readSource(workspace, engine))[table];
        if (relation === undefined) return [];
        return await engine.rows<Record<string, Cell>>(`SELECT ${columns} FROM ${relation} ORDER BY ALL`);
      } finally {
        engine.close();
      }
    },
    async quarantine() {
      const parts = readSnapshot(workspace).quarantine.map(({ path }) => sqlText(join(workspace.dir, path)));
      if (parts.length === 0) return [];
      return query(`SELECT * FROM read_parquet([${parts.join(', ')}]) ORDER BY file, line, reason`);
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
