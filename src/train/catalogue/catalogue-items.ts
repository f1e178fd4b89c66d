// What a catalogue says of its items, read for search: which column is the title, which the category, and the text of each.
import { AppError } from '../../core/errors.ts';
import { cellTexts, type Frame, findColumn } from '../../core/frame.ts';
import type { ItemCatalogue } from '../../core/item-catalogue.ts';

/** Columns by what they are for; the first that is there by its usual name where it is not said. */
export interface CatalogueFields {
  readonly title?: string;
  readonly description?: string;
  readonly category?: string;
  readonly brand?: string;
  /** Names of picture files. */
  readonly image?: string;
}

export const FIELDS = ['title', 'description', 'category', 'brand', 'image'] as const;

const USUAL: Readonly<Record<(typeof FIELDS)[number], RegExp>> = {
  title: /^(item|product)?[_ ]?(display)?[_ ]?(title|name)$|^(商品)?(标题|名称)$/i,
  description: /^(item|product)?[_ ]?description$|^(商品)?描述$/i,
  category: /^(item|product)?[_ ]?(category|type|articletype)$|^(商品)?(类目|分类|类别|品类)$/i,
  brand: /^(item|product)?[_ ]?brand$|^品牌$/i,
  image: /^(item|product)?[_ ]?(image|picture|photo)([_ ]?(file|name))?$|^(商品)?图片$/i,
};

export interface CatalogueItems {
  readonly itemIds: readonly string[];
  /** The other columns as they are. */
  readonly frame: Frame;
  readonly fields: CatalogueFields;
}

/**
 * @param needsTitle pictures alone do without
 * @throws AppError USAGE for a column that is not there or none that could be a title
 */
export function catalogueItems(
  { itemIds, frame, titles }: ItemCatalogue,
  asked: CatalogueFields,
  needsTitle = true,
): CatalogueItems {
  // A workspace's titles stand beside its columns, a table's among them.
  const hasTitle = frame.columns.some((column) => column.kind !== 'number' && USUAL.title.test(column.name));
  const all = titles && !hasTitle && asked.title === undefined ? withTitles(frame, titles) : frame;
  const fields: Record<string, string> = {};
  for (const field of FIELDS) {
    const named = asked[field];
    if (named !== undefined && !findColumn(all, named))
      throw new AppError(
        'USAGE',
        `--${field}: expected a column of the items (${all.columns
          .map((column) => column.name)
          .slice(0, 40)
          .join(', ')}), got "${named}"`,
      );
    const found =
      named ?? all.columns.find((column) => column.kind !== 'number' && USUAL[field].test(column.name))?.name;
    if (found !== undefined) fields[field] = found;
  }
  if (fields.title === undefined && needsTitle)
    throw new AppError(
      'USAGE',
      `expected a column of titles among ${all.columns
        .map((column) => column.name)
        .slice(0, 40)
        .join(', ')}: name it with --title`,
    );
  return { itemIds, frame: all, fields };
}

const withTitles = (frame: Frame, values: readonly string[]): Frame => ({
  ...frame,
  columns: [
    { name: 'title', label: { en: 'title', zh: '标题' }, unit: 'none', group: 'title', kind: 'text', values },
    ...frame.columns,
  ],
});

/** Cells of a column as texts, `''` where missing or no such column. */
export function fieldTexts(
  { frame, fields }: Pick<CatalogueItems, 'frame' | 'fields'>,
  field: keyof CatalogueFields,
): readonly string[] {
  return cellTexts(findColumn(frame, fields[field] ?? ''), frame.rows);
}

/** Longer descriptions tell an encoder of a few hundred pieces nothing more. */
const MOST_OF_DESCRIPTION = 400;

/** What an encoder reads of each item: its title, brand, category, and the beginning of its description. */
export function itemPassages(items: Pick<CatalogueItems, 'frame' | 'fields'>): string[] {
  const [titles, brands, categories, descriptions] = (
    ['title', 'brand', 'category', 'description'] as const
  ).map((field) => fieldTexts(items, field));
  return titles.map((title, i) =>
    [title, brands[i], categories[i], descriptions[i].slice(0, MOST_OF_DESCRIPTION)]
      .filter((part) => part !== '')
      .join('. '),
  );
}
