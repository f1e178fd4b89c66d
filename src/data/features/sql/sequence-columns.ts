// Sequence features: the last few values of each user at each moment, streamed in order into codes and offsets.
import { AppError } from '../../../core/errors.ts';
import type { Column } from '../../../core/frame.ts';
import type { Engine } from '../../engine.ts';
import type { FeatureDefinition, SequenceRule } from '../definition.ts';
import { fieldNamed } from '../fields.ts';
import { filterSql } from '../filter.ts';
import { keptLevels } from './levels.ts';
import type { Worktable } from './worktable.ts';

export interface SequenceCollector {
  /** Adds the moment's users: row r belongs to user number `members[r]`, ascending. */
  addMoment(asOfMs: number, members: Int32Array): Promise<void>;
  done(): Column;
}

/**
 * Prepares one sequence feature; moments are then added in the order of the frame's rows.
 *
 * @throws AppError BAD_DEFINITION when the field is no text or the limit is not positive
 */
export async function collectSequence(
  engine: Engine,
  work: Worktable,
  feature: FeatureDefinition & { readonly rule: SequenceRule },
  signal?: AbortSignal,
): Promise<SequenceCollector> {
  const { filter, field, limit, lookbackMs } = feature.rule;
  const known = fieldNamed(field);
  if (known.kind !== 'text' || !(Number.isSafeInteger(limit) && limit > 0))
    throw new AppError(
      'BAD_DEFINITION',
      `feature "${feature.name}": a sequence takes a text field and a limit of at least 1, got "${field}" and ${limit}`,
    );
  const table = await work.materialise(
    ({ zone, read }) =>
      read(
        ['e.event_id AS event_id', 'd.code AS code'],
        filterSql(filter, zone),
        `JOIN ${work.dictionary(field)} AS d ON d.v = ${known.sql(zone)}`,
      ),
    { texts: [field] },
  );
  let codes = new Int32Array(1024);
  let length = 0;
  const lengths: number[] = [];
  return {
    async addMoment(asOfMs, members) {
      const bound = lookbackMs === undefined ? '' : ` AND t > ${asOfMs - lookbackMs}`;
      const start = lengths.length;
      for (let row = 0; row < members.length; row++) lengths.push(0);
      let row = 0;
      await engine.stream(
        `SELECT u, code FROM (SELECT u, code, row_number() OVER (PARTITION BY u ORDER BY t DESC, event_id DESC) AS back FROM ${table} WHERE t <= ${asOfMs}${bound}) WHERE back <= ${limit} ORDER BY u, back DESC`,
        (columns, rows) => {
          const users = columns[0] as Int32Array;
          const values = columns[1] as Int32Array;
          if (length + rows > codes.length) {
            const wider = new Int32Array(Math.max(2 * codes.length, length + rows));
            wider.set(codes);
            codes = wider;
          }
          for (let i = 0; i < rows; i++) {
            while (row < members.length && members[row] < users[i]) row++;
            if (members[row] !== users[i]) continue;
            codes[length++] = values[i];
            lengths[start + row]++;
          }
        },
        signal,
      );
    },
    done() {
      const offsets = new Uint32Array(lengths.length + 1);
      for (let row = 0; row < lengths.length; row++) offsets[row + 1] = offsets[row] + lengths[row];
      const { name, label, unit, group } = feature;
      return {
        name,
        label,
        unit,
        group,
        kind: 'sequence',
        offsets,
        ...keptLevels(codes.subarray(0, length), work.levels.get(field) ?? []),
      };
    },
  };
}
