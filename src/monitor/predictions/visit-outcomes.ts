// What came of visits after an answer: the task's own label over the rest of the visit, as training cuts visits.
import { type Engine, sqlText } from '../../data/engine.ts';
import type { LabelDefinition } from '../../data/labels.ts';
import type { EventSource } from '../../data/source.ts';
import { READ_AROUND_MS } from '../../data/visits/visit-examples.ts';
import { cutVisits, VISIT_GAP_MS, visitorLog } from '../../data/visits/visits.ts';
import { outcomesOf } from './outcomes.ts';
import type { PredictionRecord } from './prediction-record.ts';

const INSERT_ROWS = 1000;

/**
 * As `outcomesOf`, of visitors: what the visit held after the answer that was open then, the one with the newest event. Where the
 * lake knows the visitor only later (who logged in on the way), the visit that begins within half an hour.
 *
 * @returns [records]
 * @throws AppError INTERRUPTED
 */
export async function visitOutcomesOf(
  engine: Engine,
  source: EventSource,
  { label, records }: { readonly label: LabelDefinition; readonly records: readonly PredictionRecord[] },
  signal?: AbortSignal,
): Promise<Float64Array> {
  if (records.length === 0) return new Float64Array();
  const visitors = visitorLog(source);
  const moments = records.map(({ as_of }) => as_of);
  await engine.run(
    'CREATE OR REPLACE TEMP TABLE monitor_visitors (n INTEGER, user_id VARCHAR, as_of BIGINT)',
  );
  try {
    for (let start = 0; start < records.length; start += INSERT_ROWS) {
      const values = records
        .slice(start, start + INSERT_ROWS)
        .map(({ user_id, as_of }, i) => `(${start + i}, ${sqlText(user_id)}, ${as_of})`);
      await engine.run(`INSERT INTO monitor_visitors VALUES ${values.join(', ')}`, signal);
    }
    await cutVisits(engine, visitors, 'monitor_visits', {
      afterMs: moments.reduce((least, ms) => Math.min(least, ms)) - READ_AROUND_MS,
      untilMs: moments.reduce((most, ms) => Math.max(most, ms)) + READ_AROUND_MS,
      outcome: label.filter,
      visitors: 'user_id IN (SELECT user_id FROM monitor_visitors)',
      ...(signal && { signal }),
    });
    // The newest event by then, else the first one afterwards.
    const nearness = 'CASE WHEN v.timestamp <= a.as_of THEN v.timestamp ELSE -v.timestamp END';
    await engine.run(
      `CREATE OR REPLACE TEMP TABLE monitor_visit_events AS
       WITH open AS (
         SELECT a.n, a.user_id, max_by(v.visit, ${nearness}) AS visit, max_by(v.start_t, ${nearness}) AS start_t
         FROM monitor_visitors AS a JOIN monitor_visits AS v ON v.user_id = a.user_id
           AND v.timestamp > a.as_of - ${VISIT_GAP_MS} AND v.timestamp <= a.as_of + ${VISIT_GAP_MS}
         GROUP BY a.n, a.user_id)
       SELECT v.* EXCLUDE (visit, start_t, end_t, done_t) REPLACE (CAST(o.n AS VARCHAR) AS user_id)
       FROM open AS o JOIN monitor_visits AS v
         ON v.user_id = o.user_id AND v.visit = o.visit AND v.start_t = o.start_t`,
      signal,
    );
    return await outcomesOf(
      engine,
      { ...visitors, events: 'monitor_visit_events' },
      { label, records: records.map((record, n) => ({ ...record, user_id: String(n) })) },
      signal,
    );
  } finally {
    for (const table of ['monitor_visitors', 'monitor_visits', 'monitor_visit_events'])
      await engine.run(`DROP TABLE IF EXISTS ${table}`);
  }
}
