// Finds rows whose event id is already in the lake, or stands earlier in the same import.
import type { Engine } from '../engine.ts';

/**
 * Fills the table `repeats(file_index, place)` with the rows to leave out; the first row of an id is kept.
 *
 * Ids are compared by 64-bit hash first, which needs a tenth of the memory; only ids whose hash stands twice are then
 * compared in full, so the answer is exact.
 *
 * @param staged  SQL after FROM of the staged rows
 * @param lake    SQL after FROM of the lake's events; undefined when it is empty
 * @returns       how many rows are repeats
 */
export async function findRepeats(
  engine: Engine,
  staged: string,
  lake: string | undefined,
  signal?: AbortSignal,
): Promise<number> {
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE staged_hashes AS SELECT hash(event_id) AS h FROM ${staged} WHERE reason IS NULL`,
    signal,
  );
  const inLake =
    lake === undefined
      ? ''
      : `UNION SELECT DISTINCT hash(event_id) FROM ${lake} WHERE hash(event_id) IN (SELECT h FROM staged_hashes)`;
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE suspects AS SELECT h FROM staged_hashes GROUP BY h HAVING count(*) > 1 ${inLake}`,
    signal,
  );
  await engine.run('DROP TABLE staged_hashes');
  const [{ suspects }] = await engine.rows<{ suspects: number }>('SELECT count(*) AS suspects FROM suspects');
  await engine.run('CREATE OR REPLACE TEMP TABLE repeats (file_index INTEGER, place BIGINT)');
  if (suspects === 0) return 0;
  const known =
    lake === undefined
      ? 'false'
      : `event_id IN (SELECT event_id FROM ${lake} WHERE hash(event_id) IN (SELECT h FROM suspects))`;
  await engine.run(
    `INSERT INTO repeats
     SELECT file_index, place FROM (
       SELECT file_index, place, ${known} AS known, row_number() OVER (PARTITION BY event_id ORDER BY file_index, record, place) AS nth
       FROM (SELECT event_id, file_index, record, place FROM ${staged} WHERE reason IS NULL AND hash(event_id) IN (SELECT h FROM suspects)))
     WHERE known OR nth > 1`,
    signal,
  );
  const [{ repeats }] = await engine.rows<{ repeats: number }>('SELECT count(*) AS repeats FROM repeats');
  return repeats;
}
