// What to look for when a person must be gone: ids, pseudonym, addresses and texts that are nobody else's.
import type { Engine } from '../engine.ts';
import { sqlText } from '../engine.ts';
import { partsRelation } from '../lake/read.ts';
import type { LakeSnapshot } from '../lake/snapshot.ts';
import { pseudonym, readPseudonymKey } from '../pseudonym.ts';
import { digestKey, digestOf, knownRecordSecret } from '../record-secret.ts';
import type { Workspace } from '../workspace.ts';

export type NeedleKind = 'id' | 'pseudonym' | 'digest' | 'anonymous id' | 'address' | 'text';

/** One thing to search for. Ids match as whole words, addresses and texts wherever they stand. */
export interface Needle {
  readonly kind: NeedleKind;
  readonly value: string;
}

/** Shorter texts ("good quality") are as likely somebody else's. */
const LEAST_TEXT = 12;
const MOST_TEXTS = 500;
const ADDRESS = /[\p{L}\p{N}._%+-]+@[\p{L}\p{N}.-]+\.\p{L}{2,}/gu;

/** @param userId  as the shop knows it, before any pseudonym */
export async function findNeedles(
  engine: Engine,
  workspace: Workspace,
  snapshot: LakeSnapshot,
  userId: string,
): Promise<Needle[]> {
  const needles: Needle[] = [{ kind: 'id', value: userId }];
  let stored = userId;
  if (workspace.settings.pseudonyms) {
    stored = pseudonym(readPseudonymKey(workspace.dir), userId);
    needles.push({ kind: 'pseudonym', value: stored });
  }
  const secret = knownRecordSecret(workspace.dir);
  if (secret) needles.push({ kind: 'digest', value: digestOf(digestKey(secret, 'person'), stored) });
  const own = `user_id = ${sqlText(stored)}`;
  const texts: string[] = [];
  if (snapshot.events.length > 0) {
    const events = partsRelation(workspace, snapshot.events);
    const anonymous = await engine.rows<{ id: string }>(
      `SELECT anonymous_id AS id FROM ${events}
       WHERE anonymous_id IN (SELECT anonymous_id FROM ${events} WHERE ${own} AND anonymous_id IS NOT NULL)
       GROUP BY 1 HAVING count(*) FILTER (WHERE user_id <> ${sqlText(stored)}) = 0 ORDER BY 1`,
    );
    for (const { id } of anonymous) {
      needles.push({ kind: 'anonymous id', value: id });
      if (secret) needles.push({ kind: 'digest', value: digestOf(digestKey(secret, 'person'), id) });
    }
    const written = await engine.rows<{ text: string }>(
      `SELECT DISTINCT text FROM ${events} WHERE ${own} AND length(text) >= ${LEAST_TEXT}
         AND text NOT IN (SELECT text FROM ${events} WHERE text IS NOT NULL AND user_id IS DISTINCT FROM ${sqlText(stored)})
       ORDER BY length(text) DESC, text LIMIT ${MOST_TEXTS}`,
    );
    texts.push(...written.map(({ text }) => text));
    const props = await engine.rows<{ cell: string }>(
      `SELECT DISTINCT cell FROM (SELECT unnest([props, text, query]) AS cell FROM ${events} WHERE ${own}) WHERE contains(cell, '@')`,
    );
    needles.push(...addressesIn(props.map(({ cell }) => cell)));
  }
  if (snapshot.users.length > 0) {
    const users = partsRelation(workspace, snapshot.users);
    const rows = await engine.rows<{ attributes: string | null }>(
      `SELECT attributes FROM ${users} WHERE ${own}`,
    );
    needles.push(...addressesIn(rows.map(({ attributes }) => attributes ?? '')));
  }
  if (userId.includes('@')) needles.push({ kind: 'address', value: userId });
  needles.push(...texts.map((value): Needle => ({ kind: 'text', value })));
  const seen = new Set<string>();
  return needles.filter(({ value }) => value !== '' && !seen.has(value) && seen.add(value));
}

const addressesIn = (cells: readonly string[]): Needle[] =>
  cells.flatMap((cell) => [...cell.matchAll(ADDRESS)].map(([value]): Needle => ({ kind: 'address', value })));

const escapeRegex = (text: string): string => text.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');

/** Ids match as whole words. */
export const isWord = ({ kind }: Needle): boolean =>
  kind === 'id' || kind === 'pseudonym' || kind === 'digest' || kind === 'anonymous id';

/**
 * Whether a text holds a needle. `\w` and `-` belong to a word, so that `17` is not found in `guest-17`; neither is it in
 * `0.17`.
 */
export function needleMatcher(needle: Needle): (text: string) => boolean {
  if (!isWord(needle)) return (text) => text.includes(needle.value);
  const word = new RegExp(
    `(?<![\\p{L}\\p{N}_-]|\\d\\.)${escapeRegex(needle.value)}(?![\\p{L}\\p{N}_-]|\\.\\d)`,
    'u',
  );
  return (text) => text.includes(needle.value) && word.test(text);
}

/** Columns that hold one id of a person. */
export const PERSON_COLUMNS: ReadonlySet<string> = new Set(['user_id', 'anonymous_id', 'session_id']);

/** Columns whose values are names of other things: an item may well be called what a customer is called. */
export const OTHER_ID_COLUMNS: ReadonlySet<string> = new Set([
  'item_id',
  'order_id',
  'event_id',
  'file',
  'reason',
]);

/** SQL of the same question for one text column. */
export function needleSql(column: string, needle: Needle): string {
  const value = sqlText(needle.value);
  if (PERSON_COLUMNS.has(column)) return isWord(needle) ? `coalesce(${column} = ${value}, false)` : 'false';
  if (!isWord(needle)) return `coalesce(contains(${column}, ${value}), false)`;
  const word = sqlText(`(^|[^\\p{L}\\p{N}_-])${escapeRegex(needle.value)}($|[^\\p{L}\\p{N}_-])`);
  return `coalesce(contains(${column}, ${value}) AND regexp_matches(${column}, ${word}), false)`;
}
