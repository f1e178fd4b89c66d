// What a column of a table is, told from counts over all its cells, with the reason in words.
import { type Name, name } from '../../core/name.ts';

/**
 * `number`, `boolean` (read as 0 and 1), `category`, `date` (read as UTC ms) and `text` can be learned from; `id` names
 * rows, `constant` and `empty` say nothing.
 */
export const TABLE_KINDS = [
  'number',
  'boolean',
  'category',
  'date',
  'text',
  'id',
  'constant',
  'empty',
] as const;
export type TableKind = (typeof TABLE_KINDS)[number];

export const KIND_WORDS: Readonly<Record<TableKind, Name>> = {
  number: name('number', '数值'),
  boolean: name('boolean', '是否'),
  category: name('category', '类别'),
  date: name('date', '日期'),
  text: name('text', '文本'),
  id: name('id', '编号'),
  constant: name('constant', '常量'),
  empty: name('empty', '空'),
};

/** How the cells of a column are read; stored with the model, so that new files are read the same way. */
export interface TableColumn {
  readonly name: string;
  readonly kind: TableKind;
  /** Why it was taken for that. */
  readonly reason: Name;
  /** Of a number. */
  readonly decimal?: '.' | ',';
  /** Of a date: `auto`, `unix_s`, … or a strptime format. */
  readonly timeFormat?: string;
  /** Share of cells that are missing. */
  readonly missing: number;
  readonly distinct: number;
}

/** Counts over the cells of one column; `filled` of them are not missing. */
export interface CellCounts {
  readonly rows: number;
  readonly filled: number;
  readonly distinct: number;
  readonly numbers: number;
  readonly wholes: number;
  readonly commaNumbers: number;
  readonly truths: number;
  readonly times: number;
  readonly timeFormat: string;
  readonly timeNote?: string;
  readonly meanLength: number;
  readonly meanWords: number;
  /** Each whole number one more than the one above. */
  readonly counting: boolean;
}

/** This share of the filled cells must read as a number or a date; the others then count as missing. */
const ENOUGH = 0.98;
const UNIQUE = 0.95;
/** Fewer rows prove nothing about uniqueness. */
const ROWS_TO_TELL_IDS = 30;
/** Sentences are longer than names of things. */
const WORDS_OF_TEXT = 4;
/** Chinese puts no blanks between words. */
const LENGTH_OF_TEXT = 24;
const DISTINCT_OF_TEXT = 0.2;
/** Titles are short, but seldom the same. */
const WORDS_OF_TITLES = 2;
const DISTINCT_OF_TITLES = 0.3;
const FEWEST_TEXTS = 20;

const ID_NAME =
  /^(id|index|key|uuid|guid|row|no|number|编号|序号|主键|unnamed: \d+|column \d+)$|(^|[_\s.-])(id|uuid|guid|key)$|[a-z]I[Dd]$|(编号|流水号|单号|ID|id)$/i;
const TIME_NAME = /date|time|timestamp|(^|[_\s])(day|at|on)$|日期|时间|时刻/i;

export function judgeColumn(column: string, counts: CellCounts): TableColumn {
  const { rows, filled, distinct } = counts;
  const shared = { name: column, missing: rows === 0 ? 0 : 1 - filled / rows, distinct };
  const unlike = (share: number) => filled - Math.round(share);
  if (filled === 0)
    return { ...shared, kind: 'empty', reason: name('every cell is missing', '所有单元格均缺失') };
  if (distinct === 1 && filled === rows)
    return { ...shared, kind: 'constant', reason: name('one value everywhere', '全列只有一个值') };
  const numeric = counts.numbers >= ENOUGH * filled;
  if (counts.truths === filled && distinct <= 2 && !numeric)
    return { ...shared, kind: 'boolean', reason: name('yes and no in words', '以文字表示的是与否') };
  const isTime = counts.times >= ENOUGH * filled;
  if (isTime && (!numeric || TIME_NAME.test(column)))
    return {
      ...shared,
      kind: 'date',
      timeFormat: counts.timeFormat,
      reason: timeReason(counts, unlike(counts.times)),
    };
  const unique = filled >= ROWS_TO_TELL_IDS && distinct >= UNIQUE * filled;
  if (numeric) {
    if (
      unique &&
      counts.wholes === filled &&
      distinct === filled &&
      (counts.counting || ID_NAME.test(column))
    )
      return {
        ...shared,
        kind: 'id',
        reason: counts.counting
          ? name('whole numbers that count the rows', '逐行递增的整数，是行号')
          : name('whole numbers, each once, under the name of an id', '整数且互不重复，列名为编号'),
      };
    return { ...shared, kind: 'number', decimal: '.', reason: numberReason(unlike(counts.numbers)) };
  }
  if (counts.commaNumbers >= ENOUGH * filled)
    return {
      ...shared,
      kind: 'number',
      decimal: ',',
      reason: name('numbers with a decimal comma', '以逗号为小数点的数字'),
    };
  const wordy = counts.meanWords >= WORDS_OF_TEXT || counts.meanLength >= LENGTH_OF_TEXT;
  const titles = counts.meanWords >= WORDS_OF_TITLES && distinct >= DISTINCT_OF_TITLES * filled;
  if ((titles || (wordy && distinct >= DISTINCT_OF_TEXT * filled)) && distinct > FEWEST_TEXTS)
    return {
      ...shared,
      kind: 'text',
      reason: name(
        `sentences: ${counts.meanWords.toFixed(1)} words and ${Math.round(counts.meanLength)} characters a cell`,
        `语句：平均每格 ${Math.round(counts.meanLength)} 个字符`,
      ),
    };
  if (unique)
    return {
      ...shared,
      kind: 'id',
      reason: name(
        `${distinct} different texts in ${filled} rows: it names rows`,
        `${filled} 行中有 ${distinct} 个不同的文本：相当于行的名字`,
      ),
    };
  return {
    ...shared,
    kind: 'category',
    reason: name(`${distinct} different texts`, `${distinct} 个不同的文本`),
  };
}

const numberReason = (others: number): Name =>
  others === 0
    ? name('every cell is a number', '每格都是数字')
    : name(
        `numbers, but for ${others} cells, which count as missing`,
        `数字；另有 ${others} 格不是数字，按缺失处理`,
      );

function timeReason({ timeFormat, timeNote }: CellCounts, others: number): Name {
  const format = timeFormat === 'auto' ? '' : ` (${timeFormat})`;
  const doubt = timeNote
    ? ['; day and month cannot be told apart, see --types', '；日与月无法区分，见 --types']
    : ['', ''];
  const rest =
    others === 0
      ? ['', '']
      : [`; ${others} cells are none and count as missing`, `；${others} 格不是，按缺失处理`];
  return name(`dates or moments${format}${doubt[0]}${rest[0]}`, `日期或时刻${format}${doubt[1]}${rest[1]}`);
}
