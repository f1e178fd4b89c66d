// Lists of what comes next for a person: the first few customers, each with the first few items, and by what they came.
import { type Name, name } from '../core/name.ts';
import { textTable } from '../report/text-table.ts';
import { MADE_BY, type MadeBy } from '../serve/next-item/list-items.ts';
import type { WrittenLists } from '../serve/next-item/written-lists.ts';
import type { Context } from './context.ts';

const CUSTOMERS_SHOWN = 5;
const ITEMS_SHOWN = 3;
const TITLE_WIDTH = 40;

export const MADE_BY_WORDS: Readonly<Record<MadeBy, Name>> = {
  history: name('own history', '自己的历史'),
  attributes: name('what is known of the item', '商品属性'),
  segment: name('popular in the segment', '同群热门'),
  trend: name('popular lately', '近期热门'),
};

export function sayLists(context: Context, written: WrittenLists): void {
  const { lists, catalogue, entities } = written;
  const { offsets, items, madeBy } = lists;
  const rows: string[][] = [];
  for (let e = 0; e < Math.min(CUSTOMERS_SHOWN, entities.length); e++)
    for (let at = offsets[e]; at < Math.min(offsets[e + 1], offsets[e] + ITEMS_SHOWN); at++)
      rows.push([
        at === offsets[e] ? entities[e] : '',
        String(1 + at - offsets[e]),
        catalogue.itemIds[items[at]],
        ...(catalogue.titles ? [shortened(catalogue.titles[items[at]])] : []),
        context.word(MADE_BY_WORDS[MADE_BY[madeBy[at]]]),
      ]);
  const zh = context.language === 'zh';
  if (items.length === 0) {
    context.say(
      zh
        ? '列表为空：可推荐的商品模型都不了解，或已因各自的历史被排除'
        : 'the lists are empty: what may be offered is unknown to the model or left out by each own history',
    );
    return;
  }
  const title = catalogue.titles ? [zh ? '名称' : 'Title'] : [];
  const heads = zh ? ['顾客', '#', '商品', ...title, '依据'] : ['Customer', '#', 'Item', ...title, 'Made by'];
  context.say(textTable(heads, rows));
}

const shortened = (text: string): string =>
  text.length <= TITLE_WIDTH ? text : `${text.slice(0, TITLE_WIDTH - 1)}…`;

/** How many items of the lists came by each way. */
export function madeByCounts({ lists }: Pick<WrittenLists, 'lists'>): Readonly<Record<MadeBy, number>> {
  const counts = MADE_BY.map(() => 0);
  for (const code of lists.madeBy) counts[code]++;
  return Object.fromEntries(MADE_BY.map((by, code) => [by, counts[code]])) as Record<MadeBy, number>;
}
