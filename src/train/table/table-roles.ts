// What each column of a table is for: learned from, predicted, grouped by, kept out; and why.
import { AppError } from '../../core/errors.ts';
import { type Name, name } from '../../core/name.ts';
import type { TableColumn } from '../../data/table/column-kind.ts';
import { unknownColumn } from '../../data/table/infer-columns.ts';
import type { TableSource } from '../../data/table/open-table.ts';

export interface RolesAsked {
  readonly target: string;
  readonly group?: string;
  readonly time?: string;
  readonly weight?: string;
  readonly ids?: readonly string[];
  readonly drop?: readonly string[];
  /** Nothing but these is learned from. */
  readonly only?: readonly string[];
}

export interface ColumnUse {
  readonly column: TableColumn;
  readonly use: 'feature' | 'target' | 'group' | 'time' | 'weight' | 'id' | 'dropped' | 'refused';
  /** Why it is refused. */
  readonly why?: Name;
}

/** Kinds nothing can be learned from. */
const REFUSED: ReadonlySet<TableColumn['kind']> = new Set(['id', 'constant', 'empty']);

/**
 * Every column with its use, in the file's order. A column that names rows is refused: a model would learn it by heart.
 *
 * @throws AppError USAGE for names the file does not have or uses twice, BAD_DATA when nothing is left to learn from
 */
export function assignRoles(
  source: TableSource,
  columns: readonly TableColumn[],
  asked: RolesAsked,
): readonly ColumnUse[] {
  const uses = new Map<string, ColumnUse['use']>();
  const assign = (column: string | undefined, use: ColumnUse['use'], option: string) => {
    if (column === undefined) return;
    if (!source.columns.includes(column)) throw unknownColumn(source, column, option);
    const taken = uses.get(column);
    if (taken !== undefined && taken !== use)
      throw new AppError('USAGE', `${option}: "${column}" is the ${taken} already`);
    uses.set(column, use);
  };
  assign(asked.target, 'target', '--target');
  assign(asked.group, 'group', '--group');
  assign(asked.time, 'time', '--time');
  assign(asked.weight, 'weight', '--weight');
  for (const id of asked.ids ?? []) if (id !== asked.group) assign(id, 'id', '--id');
  for (const dropped of asked.drop ?? []) assign(dropped, 'dropped', '--drop');
  for (const kept of asked.only ?? [])
    if (!source.columns.includes(kept)) throw unknownColumn(source, kept, '--text');
  const assigned = columns.map((column): ColumnUse => {
    const use = uses.get(column.name);
    if (use) return { column, use };
    if (asked.only?.includes(column.name) === false) return { column, use: 'dropped' };
    return REFUSED.has(column.kind)
      ? { column, use: 'refused', why: column.reason }
      : { column, use: 'feature' };
  });
  if (!assigned.some(({ use }) => use === 'feature')) {
    throw new AppError(
      'BAD_DATA',
      `expected at least one column to learn from in "${source.file}", none is left beside the target; --types NAME=category keeps one that was refused`,
    );
  }
  return assigned;
}

export const USE_WORDS: Readonly<Record<ColumnUse['use'], Name>> = {
  feature: name('learned from', '用于学习'),
  target: name('predicted', '预测目标'),
  group: name('kept together', '分组'),
  time: name('parted by', '按时间划分'),
  weight: name('weight', '权重'),
  id: name('kept beside the answers', '随结果保留'),
  dropped: name('dropped', '已去除'),
  refused: name('refused', '拒用'),
};
