// Lists under a name in a JSON object, as research data come: items of a user (LETTER), attributes of an item (S3-Rec).
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { AppError } from '../../core/errors.ts';
import type { ItemAttributes } from '../../core/sequences.ts';
import { growingInts, textCodes } from './growing.ts';
import type { SequenceFile } from './read-sequences.ts';
import { needFile } from './text-lines.ts';

/**
 * `{ "user": [item, item, …], … }`, each list oldest first; ids are numbers or texts. Users are in the order of the file but for
 * those named by whole numbers, which JSON puts first.
 *
 * @throws AppError NOT_FOUND; BAD_FILE for no such object; BAD_DATA where no list has an item
 */
export function readUserLists(path: string): SequenceFile {
  const { file, lists, fingerprint } = readLists(path);
  const codes = textCodes();
  const items = growingInts();
  const entities: string[] = [];
  const ends: number[] = [0];
  for (const [user, ids] of lists) {
    if (ids.length === 0) continue;
    for (const id of ids) items.push(codes.code(id));
    entities.push(user);
    ends.push(items.length());
  }
  if (entities.length === 0)
    throw new AppError('BAD_DATA', `expected items in "${file}", its lists are empty`);
  return {
    file,
    sequences: { entities, offsets: Uint32Array.from(ends), items: items.taken(), itemIds: codes.texts() },
    fingerprint,
    passedOver: lists.length - entities.length,
  };
}

/** An item's attributes beyond these, its rarest, are left out. */
const MOST_COLUMNS = 8;

/**
 * `{ "item": [attribute, …], … }`: an item's attributes stand side by side in columns, the one most items share first, so that
 * a column holds attributes of one breadth.
 *
 * @param itemIds the catalogue: row i of what comes back belongs to itemIds[i]
 * @throws AppError NOT_FOUND; BAD_FILE for no such object
 */
export function readItemLists(path: string, itemIds: readonly string[]): ItemAttributes {
  const attributesOf = new Map(readLists(path).lists);
  const shared = new Map<string, number>();
  for (const id of itemIds)
    for (const attribute of new Set(attributesOf.get(id) ?? []))
      shared.set(attribute, (shared.get(attribute) ?? 0) + 1);
  const rank = new Map(
    [...shared]
      .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
      .map(([attribute], place) => [attribute, place]),
  );
  const ordered = itemIds.map((id) =>
    [...new Set(attributesOf.get(id) ?? [])].sort((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0)),
  );
  const widest = ordered.reduce((most, { length }) => Math.max(most, length), 0);
  const columns = Array.from({ length: Math.min(MOST_COLUMNS, widest) }, (_, column) => {
    const levels = textCodes();
    const codes = Int32Array.from(ordered, (own) => (column < own.length ? levels.code(own[column]) : -1));
    return [`attribute ${column + 1}`, { codes, levels: levels.texts() }] as const;
  });
  return { categories: Object.fromEntries(columns) };
}

interface Lists {
  readonly file: string;
  readonly lists: readonly (readonly [string, readonly string[]])[];
  /** SHA-256 of the file's bytes. */
  readonly fingerprint: string;
}

function readLists(path: string): Lists {
  const file = needFile(path);
  const bytes = readFileSync(path);
  const parsed = parse(bytes, file);
  const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
  if (!isObject) throw notLists(file);
  const lists = Object.entries(parsed).map(([name, list]) => {
    if (!Array.isArray(list) || !list.every(isId)) throw notLists(file);
    return [name, list.map(String)] as const;
  });
  return { file, lists, fingerprint: createHash('sha256').update(bytes).digest('hex') };
}

function parse(bytes: Buffer, file: string): unknown {
  try {
    return JSON.parse((bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8'));
  } catch (cause) {
    throw notLists(file, cause);
  }
}

const isId = (value: unknown): value is number | string =>
  typeof value === 'string' || Number.isSafeInteger(value);

const notLists = (file: string, cause?: unknown): AppError =>
  new AppError(
    'BAD_FILE',
    `expected an object of lists of ids in "${file}", such as {"u1": [3, 5]}: write it as JSON`,
    {},
    cause,
  );
