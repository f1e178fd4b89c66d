// Lists of items as a file others read: one row an item on a list.
import type { ItemCatalogue } from '../../core/item-catalogue.ts';
import { formatMoment } from '../../core/time.ts';
import type { WrittenColumn } from '../../data/table/write-table.ts';
import { type ItemLists, MADE_BY } from './list-items.ts';

export interface WrittenLists {
  readonly lists: ItemLists;
  readonly catalogue: ItemCatalogue;
  /** Whose each list is. */
  readonly entities: readonly string[];
  readonly entityType: 'user' | 'session';
  /** UTC ms; absent where histories have no moments. */
  readonly asOf?: number;
  readonly modelVersion: string;
}

/**
 * In file order. `value` is the model's score, which ranks and is no probability; of what is popular, ln of its share.
 * `made_by` says by what the row came: see `MADE_BY`.
 */
export function listColumns(written: WrittenLists): readonly WrittenColumn[] {
  const { lists, catalogue, entities, entityType, asOf, modelVersion } = written;
  const { offsets, items, scores, madeBy } = lists;
  const count = items.length;
  const one = (text: string) => new Array<string>(count).fill(text);
  const rows = new Int32Array(count);
  const ranks = new Int32Array(count);
  entities.forEach((_, e) => {
    for (let at = offsets[e]; at < offsets[e + 1]; at++) {
      rows[at] = e;
      ranks[at] = 1 + at - offsets[e];
    }
  });
  const sessions = entityType === 'session';
  const ownerOf = (entity: string): string => (sessions ? entity.slice(0, entity.lastIndexOf('/')) : entity);
  const { titles } = catalogue;
  return [
    { name: 'task', values: one('next-item') },
    { name: 'entity_type', values: one(entityType) },
    { name: 'user_id', values: Array.from(rows, (e) => ownerOf(entities[e])) },
    ...(sessions
      ? [
          {
            name: 'session_id',
            values: Array.from(rows, (e) => entities[e].slice(1 + entities[e].lastIndexOf('/'))),
          },
        ]
      : []),
    { name: 'item_id', values: Array.from(items, (item) => catalogue.itemIds[item]) },
    ...(titles ? [{ name: 'title', values: Array.from(items, (item) => titles[item]) }] : []),
    { name: 'rank', values: ranks },
    { name: 'as_of', values: one(asOf === undefined ? '' : formatMoment(asOf)) },
    { name: 'value', values: Float64Array.from(scores, (score) => Math.round(score * 1e6) / 1e6) },
    { name: 'unit', values: one('score') },
    { name: 'made_by', values: Array.from(madeBy, (code) => MADE_BY[code]) },
    { name: 'model_version', values: one(modelVersion) },
  ];
}
