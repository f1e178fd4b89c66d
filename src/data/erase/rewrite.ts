// Rewrites the files of a lake that hold a person, without that person.
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Engine, sqlText } from '../engine.ts';
import { describeParts } from '../import/partition.ts';
import { LAKE_COLUMNS } from '../import/plan.ts';
import type { StagedFile } from '../lake/commit.ts';
import { LAKE_TABLES, type LakeSnapshot } from '../lake/snapshot.ts';
import type { Workspace } from '../workspace.ts';
import { type Needle, needleSql } from './needles.ts';
import { textColumns } from './search.ts';

export interface Rewrite {
  readonly staged: readonly StagedFile[];
  readonly next: LakeSnapshot;
}

/**
 * Stages new files in place of those named in `holding`. Rows that belong to the person go; where somebody else's row only
 * mentions them in a text, that text goes. Rejected rows that mention them go.
 *
 * @param holding  paths relative to the workspace
 */
export async function rewriteWithout(
  engine: Engine,
  workspace: Workspace,
  before: LakeSnapshot,
  options: { holding: ReadonlySet<string>; needles: readonly Needle[]; folder: string; id: string },
): Promise<Rewrite> {
  const { holding, needles, folder, id } = options;
  const staged: StagedFile[] = [];
  let next: LakeSnapshot = { ...before, version: before.version + 1 };
  for (const table of LAKE_TABLES) {
    const kept = before[table].filter((part) => !holding.has(part.path));
    const touched = before[table].filter((part) => holding.has(part.path));
    if (touched.length === 0) continue;
    const own = join(folder, table);
    for (const [index, part] of touched.entries()) {
      const inside = dirname(part.path).slice(`lake/${table}`.length).replace(/^\//, '');
      const to = join(own, inside, `part-${id}-${index}.parquet`);
      mkdirSync(dirname(to), { recursive: true });
      await engine.run(
        `COPY (${await withoutPerson(engine, join(workspace.dir, part.path), needles)}) TO ${sqlText(to)} (FORMAT parquet, COMPRESSION zstd)`,
      );
    }
    const columns = Object.keys(LAKE_COLUMNS[table]);
    const timed = table === 'events';
    const parts = await describeParts(engine, { folder: own, target: `lake/${table}`, columns, timed });
    for (const { path } of parts)
      staged.push({ from: join(own, path.slice(`lake/${table}/`.length)), to: path });
    next = { ...next, [table]: [...kept, ...parts] };
  }
  const quarantine = before.quarantine.filter((part) => !holding.has(part.path));
  for (const [index, part] of before.quarantine.filter(({ path }) => holding.has(path)).entries()) {
    const from = join(folder, `quarantine-${index}.parquet`);
    const source = `read_parquet(${sqlText(join(workspace.dir, part.path))})`;
    const mentions = anyOf(await textColumns(engine, source), needles);
    await engine.run(
      `COPY (SELECT * FROM ${source} WHERE NOT (${mentions})) TO ${sqlText(from)} (FORMAT parquet, COMPRESSION zstd)`,
    );
    const [{ rows }] = await engine.rows<{ rows: number }>(
      `SELECT count(*) AS rows FROM read_parquet(${sqlText(from)})`,
    );
    const to = `${dirname(part.path)}/rejected-${id}.parquet`;
    if (rows === 0) continue;
    staged.push({ from, to });
    quarantine.push({ path: to, rows });
  }
  return { staged, next: { ...next, quarantine } };
}

const PERSONS = ['user_id', 'anonymous_id'] as const;

/** The rows of one part without the person's own, and without mentions in the texts of others. */
async function withoutPerson(engine: Engine, path: string, needles: readonly Needle[]): Promise<string> {
  const source = `read_parquet(${sqlText(path)}, hive_partitioning = false)`;
  const columns = await textColumns(engine, source);
  const persons = PERSONS.filter((person) => columns.includes(person));
  const texts = columns.filter((column) => !(PERSONS as readonly string[]).includes(column));
  const blanked = texts.map(
    (column) => `CASE WHEN NOT (${anyOf([column], needles)}) THEN ${column} END AS ${column}`,
  );
  const replaced = blanked.length > 0 ? ` REPLACE (${blanked.join(', ')})` : '';
  return `SELECT *${replaced} FROM ${source} WHERE NOT (${anyOf(persons, needles)})`;
}

const anyOf = (columns: readonly string[], needles: readonly Needle[]): string =>
  columns.flatMap((column) => needles.map((needle) => needleSql(column, needle))).join(' OR ') || 'false';
