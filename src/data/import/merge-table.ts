// Items and users: the last write of a key wins, within the files and over what the lake has.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Engine, sqlText } from '../engine.ts';
import type { StagedFile } from '../lake/commit.ts';
import { emptyRelation, partsRelation } from '../lake/read.ts';
import type { LakeSnapshot } from '../lake/snapshot.ts';
import type { Workspace } from '../workspace.ts';
import { describeParts } from './partition.ts';
import { LAKE_COLUMNS } from './plan.ts';

/**
 * Writes the merged table as one new file, unless nothing in it would change.
 *
 * @returns the change to the manifest; `accepted` counts keys whose row is new or differs
 */
export async function mergeTable(
  engine: Engine,
  workspace: Workspace,
  before: LakeSnapshot,
  options: { table: 'items' | 'users'; rows: string; folder: string; id: string; signal?: AbortSignal },
): Promise<{ change: Partial<LakeSnapshot>; staged: StagedFile[]; accepted: number }> {
  const { table, rows, folder, id, signal } = options;
  const columns = Object.keys(LAKE_COLUMNS[table]);
  const key = table === 'items' ? 'item_id' : 'user_id';
  const old =
    before[table].length > 0 ? partsRelation(workspace, before[table]) : emptyRelation(LAKE_COLUMNS[table]);
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE latest AS
     SELECT ${columns.join(', ')} FROM ${rows} WHERE reason IS NULL
     QUALIFY row_number() OVER (PARTITION BY ${key} ORDER BY file_index DESC, record DESC) = 1`,
    signal,
  );
  const [{ accepted }] = await engine.rows<{ accepted: number }>(
    `SELECT count(*) AS accepted FROM (SELECT * FROM latest EXCEPT SELECT ${columns.join(', ')} FROM ${old})`,
  );
  if (accepted === 0) return { change: {}, staged: [], accepted };
  const own = join(folder, table);
  mkdirSync(own);
  const file = `part-${id}.parquet`;
  await engine.run(
    `COPY (SELECT * FROM latest UNION ALL SELECT ${columns.join(', ')} FROM ${old} WHERE ${key} NOT IN (SELECT ${key} FROM latest) ORDER BY ${key})
     TO ${sqlText(join(own, file))} (FORMAT parquet, COMPRESSION zstd)`,
    signal,
  );
  const parts = await describeParts(engine, {
    folder: own,
    target: `lake/${table}`,
    columns,
    timed: false,
    signal,
  });
  return {
    change: { [table]: parts },
    staged: [{ from: join(own, file), to: `lake/${table}/${file}` }],
    accepted,
  };
}
