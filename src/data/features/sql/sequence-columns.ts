// Sequence features: what the last few events of each user say at each moment, streamed in order into codes and offsets.
import type { Column } from '../../../core/frame.ts';
import type { Engine } from '../../engine.ts';
import { filterKey } from '../aggregate.ts';
import { classSql, type SequenceReading, sequenceReading } from '../classes.ts';
import type { FeatureDefinition, SequenceRule } from '../definition.ts';
import { fieldNamed } from '../fields.ts';
import { filterSql } from '../filter.ts';
import { keptLevels } from './levels.ts';
import type { LogSql } from './relations.ts';
import type { Worktable } from './worktable.ts';

export type SequenceFeature = FeatureDefinition & { readonly rule: SequenceRule };

export interface SequenceCollector {
  /** Adds the moment's users: row r belongs to user number `members[r]`, ascending. */
  addMoment(asOfMs: number, members: Int32Array): Promise<void>;
  /** In the order of the features given. */
  done(): readonly Column[];
}

/**
 * Prepares sequence features; moments are then added in the order of the frame's rows. Features that keep missing values
 * over the same events are read side by side, in one pass.
 *
 * @throws AppError BAD_DEFINITION when a rule cannot be used
 */
export async function collectSequences(
  engine: Engine,
  work: Worktable,
  features: readonly SequenceFeature[],
  signal?: AbortSignal,
): Promise<SequenceCollector> {
  const groups = new Map<string, SequenceFeature[]>();
  for (const feature of features) {
    const key = trackKey(feature);
    groups.set(key, [...(groups.get(key) ?? []), feature]);
  }
  const tracks: Track[] = [];
  for (const group of groups.values()) tracks.push(await openTrack(engine, work, group, signal));
  return {
    async addMoment(asOfMs, members) {
      for (const { addMoment } of tracks) await addMoment(asOfMs, members);
    },
    done() {
      const columns = new Map(tracks.flatMap(({ done }) => done()).map((column) => [column.name, column]));
      return features.map(({ name }) => columns.get(name) as Column);
    },
  };
}

const trackKey = ({ name, rule }: SequenceFeature): string => {
  const { filter, limit, lookbackMs, keepMissing } = rule;
  return JSON.stringify([filterKey(filter), limit, lookbackMs, keepMissing ? '' : name]);
};

interface Track {
  readonly addMoment: SequenceCollector['addMoment'];
  readonly done: () => readonly Column[];
}

/** Features read side by side: one table of numbered events, one pass over it a moment. */
async function openTrack(
  engine: Engine,
  work: Worktable,
  features: readonly SequenceFeature[],
  signal?: AbortSignal,
): Promise<Track> {
  const { filter, limit, lookbackMs, keepMissing = false } = features[0].rule;
  const readings = features.map(({ name, rule }) => sequenceReading(name, rule));
  const texts = readings.flatMap((reading) => (reading.kind === 'text' ? [reading.field] : []));
  const table = await work.materialise((log) => tableSql(log, work, { filter, readings, keepMissing }), {
    texts,
  });
  const stores = features.map(() => ({ codes: new Int32Array(1024) }));
  const lengths: number[] = [];
  let length = 0;
  return {
    async addMoment(asOfMs, members) {
      const start = lengths.length;
      for (let row = 0; row < members.length; row++) lengths.push(0);
      let row = 0;
      await engine.stream(
        momentSql(table, { readings, limit, lookbackMs, asOfMs }),
        (columns, rows) => {
          const users = columns[0] as Int32Array;
          for (const store of stores) if (length + rows > store.codes.length) widen(store, length + rows);
          for (let i = 0; i < rows; i++) {
            while (row < members.length && members[row] < users[i]) row++;
            if (members[row] !== users[i]) continue;
            for (let k = 0; k < stores.length; k++)
              stores[k].codes[length] = (columns[k + 1] as Int32Array)[i];
            length++;
            lengths[start + row]++;
          }
        },
        signal,
      );
    },
    done() {
      const offsets = new Uint32Array(lengths.length + 1);
      for (let row = 0; row < lengths.length; row++) offsets[row + 1] = offsets[row] + lengths[row];
      return features.map(({ name, label, unit, group }, k): Column => {
        const reading = readings[k];
        const levels = reading.kind === 'text' ? (work.levels.get(reading.field) ?? []) : reading.levels;
        const kept = keptLevels(stores[k].codes.subarray(0, length), levels);
        return { name, label, unit, group, kind: 'sequence', offsets, ...kept };
      });
    },
  };
}

interface TableRequest {
  readonly filter: SequenceRule['filter'];
  readonly readings: readonly SequenceReading[];
  readonly keepMissing: boolean;
}

/** Events as `(u, t, n, c0, c1, …)`, numbered for each user from 1; a `gap` is worked out over all the filter lets through. */
function tableSql(log: LogSql, work: Worktable, { filter, readings, keepMissing }: TableRequest): string {
  const joins: string[] = [];
  const columns = readings.map((reading, k) => {
    const sql = fieldNamed(reading.field).sql(log.zone);
    if (reading.kind === 'classes')
      return reading.measure === 'value' ? `${classSql(reading.cuts, `(${sql})`)} AS c${k}` : `0 AS c${k}`;
    joins.push(`LEFT JOIN ${work.dictionary(reading.field)} AS d${k} ON d${k}.v = ${sql}`);
    return `d${k}.code AS c${k}`;
  });
  const events = log.read(
    ['e.event_id AS event_id', ...columns],
    filterSql(filter, log.zone),
    joins.join(' '),
  );
  const timed = readings.map((reading, k) =>
    reading.kind === 'classes' && reading.measure === 'gap'
      ? `${classSql(reading.cuts, '(t - lag(t) OVER (PARTITION BY u ORDER BY t, event_id))')} AS c${k}`
      : `c${k}`,
  );
  const told = `SELECT u, t, event_id, ${timed.join(', ')} FROM (${events})`;
  const codes = readings.map((_, k) => `CAST(coalesce(c${k}, -1) AS INTEGER) AS c${k}`);
  const where = keepMissing ? '' : ' WHERE c0 IS NOT NULL';
  return `SELECT u, t, row_number() OVER (PARTITION BY u ORDER BY t, event_id) AS n, ${codes.join(', ')} FROM (${told})${where}`;
}

interface MomentRequest {
  readonly readings: readonly SequenceReading[];
  readonly limit: number;
  readonly lookbackMs: number | undefined;
  readonly asOfMs: number;
}

/** The newest events of each user up to a moment, oldest first. */
function momentSql(table: string, { readings, limit, lookbackMs, asOfMs }: MomentRequest): string {
  const after = lookbackMs === undefined ? '' : ` AND t > ${asOfMs - lookbackMs}`;
  const codes = readings.map((reading, k) =>
    reading.kind === 'classes' && reading.measure === 'age'
      ? `CAST(${classSql(reading.cuts, `(${asOfMs} - t)`)} AS INTEGER)`
      : `c${k}`,
  );
  return `SELECT u, ${codes.join(', ')} FROM ${table} JOIN (SELECT u, max(n) AS newest FROM ${table} WHERE t <= ${asOfMs} GROUP BY u) USING (u) WHERE t <= ${asOfMs} AND n > newest - ${limit}${after} ORDER BY u, n`;
}

function widen(store: { codes: Int32Array }, least: number): void {
  const wider = new Int32Array(Math.max(2 * store.codes.length, least));
  wider.set(store.codes);
  store.codes = wider;
}
