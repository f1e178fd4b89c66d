// What came after an answer: the task's own label, over the answer's own horizon, from the lake.
import { throwIfAborted } from '../../core/errors.ts';
import { DAY_MS } from '../../core/time.ts';
import { type Engine, sqlText } from '../../data/engine.ts';
import type { LogSql } from '../../data/features/sql/relations.ts';
import { emptyTarget, type LabelDefinition, labelRows, targetScale } from '../../data/labels.ts';
import type { EventSource } from '../../data/source.ts';
import type { PredictionRecord } from './prediction-record.ts';

const INSERT_ROWS = 1000;

/**
 * The outcome of each answer over `(as_of, as_of + horizon]`, with the definition the model was trained on. Money in minor
 * units.
 *
 * @returns [records]
 * @throws AppError INTERRUPTED
 */
export async function outcomesOf(
  engine: Engine,
  source: EventSource,
  asked: { readonly label: LabelDefinition; readonly records: readonly PredictionRecord[] },
  signal?: AbortSignal,
): Promise<Float64Array> {
  const { label, records } = asked;
  const targets = new Float64Array(records.length).fill(emptyTarget(label));
  if (records.length === 0) return targets;
  await writeAsked(engine, records, signal);
  const ofItems = records.some(({ item_id }) => item_id !== undefined);
  const rows = labelRows(
    label,
    logOf(source, { ofItems, afterMs: Math.min(...records.map(({ as_of }) => as_of)) }),
  );
  const item = ofItems ? 'AND (a.item_id IS NULL OR r.item_id = a.item_id)' : '';
  try {
    await engine.stream(
      `SELECT CAST(a.n AS INTEGER) AS n, CAST(${targetSql(label)} AS DOUBLE) AS target
       FROM monitor_asked AS a JOIN (${rows}) AS r ON r.u = a.user_id ${item} AND r.t > a.as_of AND r.t <= a.until
       GROUP BY a.n`,
      ([numbers, values], count) => {
        for (let i = 0; i < count; i++)
          targets[numbers[i] as number] = (values[i] as number) * targetScale(label);
      },
      signal,
    );
  } finally {
    await engine.run('DROP TABLE monitor_asked');
  }
  return targets;
}

async function writeAsked(
  engine: Engine,
  records: readonly PredictionRecord[],
  signal: AbortSignal | undefined,
): Promise<void> {
  await engine.run(
    'CREATE OR REPLACE TEMP TABLE monitor_asked (n INTEGER, user_id VARCHAR, item_id VARCHAR, as_of BIGINT, until BIGINT)',
  );
  for (let start = 0; start < records.length; start += INSERT_ROWS) {
    throwIfAborted(signal);
    const values = records.slice(start, start + INSERT_ROWS).map((record, i) => {
      const until = Math.round(record.as_of + record.horizon_days * DAY_MS);
      const item = record.item_id === undefined ? 'NULL' : sqlText(record.item_id);
      return `(${start + i}, ${sqlText(record.user_id)}, ${item}, ${record.as_of}, ${until})`;
    });
    await engine.run(`INSERT INTO monitor_asked VALUES ${values.join(', ')}`);
  }
}

/** Reads the events of those asked about, by their own ids. */
function logOf(
  { events, items, zone }: EventSource,
  { ofItems, afterMs }: { readonly ofItems: boolean; readonly afterMs: number },
): LogSql {
  return {
    zone,
    read(columns, where, joins = '') {
      const all = ['e.user_id AS u', 'e.timestamp AS t', ...(ofItems ? ['e.item_id'] : []), ...columns];
      const needsItems = items !== undefined && [...columns, where].some((sql) => /\bc\./.test(sql));
      const catalogue = needsItems ? `LEFT JOIN ${items} AS c ON c.item_id = e.item_id` : '';
      return `SELECT ${all.join(', ')} FROM ${events} AS e ${catalogue} ${joins}
        WHERE e.timestamp > ${afterMs} AND e.user_id IN (SELECT user_id FROM monitor_asked) AND (${where})`;
    },
  };
}

/** As `targetSelect` in data/labels.ts, for a moment of its own in each row. */
function targetSql({ kind, field, discountPerYear = 0 }: LabelDefinition): string {
  if (kind === 'exists') return '1';
  if (kind === 'not_exists') return '0';
  if (kind === 'count') return field ? 'count(DISTINCT r.v)' : 'count(*)';
  if (discountPerYear === 0) return 'coalesce(sum(r.v), 0)';
  const years = `(r.t - a.as_of) / ${365 * DAY_MS}.0`;
  return `coalesce(sum(CAST(round(r.v * pow(${1 + discountPerYear}, -(${years}))) AS BIGINT)), 0)`;
}
