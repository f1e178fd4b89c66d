// A catalogue looked over: items that are the same thing twice, and items whose category is missing or doubtful.
import { AppError } from '../../core/errors.ts';
import type { VectorColumn } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import {
  type CategoryRun,
  type CategorySuggestions,
  suggestCategories,
} from '../../models/retrieval/category-suggestions.ts';
import { type Duplicates, findDuplicates } from '../../models/retrieval/duplicate-groups.ts';
import { searchWords } from '../../models/retrieval/search-words.ts';
import { vectorTable } from '../../models/retrieval/vector-search.ts';
import { wordVectors } from '../../models/retrieval/word-vectors.ts';
import type { OpenCatalogue } from './open-catalogue.ts';

export interface DuplicateQuestion {
  readonly threshold?: number;
  /** Looks across categories, too. */
  readonly acrossCategories?: boolean;
  readonly signal?: AbortSignal;
}

/** Nearest titles by meaning that are looked at besides those sharing pieces of words. */
const NEAREST = 5;

/** @throws AppError INTERRUPTED */
export async function catalogueDuplicates(
  open: OpenCatalogue,
  { threshold, acrossCategories = false, signal }: DuplicateQuestion = {},
): Promise<Duplicates> {
  const { bundle } = open;
  const search = await open.meaning();
  const meaning = search && {
    table: search.table,
    neighbours: await search.nearest(search.table.vectors, {
      most: NEAREST,
      except: Int32Array.from({ length: search.table.rows }, (_, row) => row),
      ...(signal && { signal }),
    }),
  };
  return findDuplicates(open.texts('title'), {
    ...(acrossCategories ? {} : { categories: open.texts('category') }),
    ...(meaning && { meaning }),
    ...(bundle.pictures && { pictures: vectorTable(bundle.pictures.vectors, bundle.pictures.width) }),
    ...(threshold !== undefined && { threshold }),
    ...(signal && { signal }),
  });
}

/** From the words of titles, and from what encoders said of texts and pictures where they have. @throws AppError NOT_ENOUGH_DATA */
export function catalogueCategories(
  open: OpenCatalogue,
  run: CategoryRun,
  categories: readonly string[] = open.texts('category'),
): Promise<CategorySuggestions> {
  const { bundle } = open;
  const titles = open.texts('title');
  const words = wordVectors(titles);
  // Not the catalogue's vectors of texts: those were told the category.
  const columns = [
    ...(words.width > 0 ? [column('words', words.width, words.read(titles))] : []),
    ...(bundle.pictures ? [column('pictures', bundle.pictures.width, bundle.pictures.vectors)] : []),
  ];
  if (columns.length === 0)
    throw new AppError(
      'NOT_ENOUGH_DATA',
      'expected words that several titles share, or pictures, to tell categories by; there are none',
    );
  return suggestCategories({ columns, categories, keys: titles.map(titleKey) }, run);
}

const column = (key: string, width: number, values: Float32Array): VectorColumn => ({
  ...{ name: key, label: name(key, key), unit: 'none', group: key, kind: 'vector' },
  width,
  values,
});

/** Titles of the same words teach and test together. */
const titleKey = (title: string): string => [...new Set(searchWords(title))].sort().join(' ');
