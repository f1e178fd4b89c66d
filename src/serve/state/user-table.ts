// Who is known, and where their bytes stand: some forty bytes a person besides the id.
import { openTextTable, type TextTable, widened } from './text-table.ts';

/** Columns by user number; longer than there are users. Written by those who keep the events. */
export interface UserColumns {
  /** First chunk of the events; 0 where there are none. */
  head: Uint32Array<ArrayBuffer>;
  /** The chunk in which the events end; behind them stands what the next one is written against. */
  end: Uint32Array<ArrayBuffer>;
  eventBytes: Uint32Array<ArrayBuffer>;
  tailBytes: Uint32Array<ArrayBuffer>;
  count: Uint32Array<ArrayBuffer>;
  /** Moment of the newest event, UTC ms. */
  newest: Float64Array<ArrayBuffer>;
  /** First chunk of what earlier events left behind; 0 where nothing did. */
  past: Uint32Array<ArrayBuffer>;
  pastBytes: Uint32Array<ArrayBuffer>;
  /** One more than the user whose events these have become; 0 where they are nobody else's. */
  alias: Uint32Array<ArrayBuffer>;
}

export interface UserTable extends UserColumns {
  readonly keys: TextTable;
  readonly bytes: number;
  /** The number of an id, made where it is new. @param sign 0 for a key that begins with its sign */
  add(id: string, sign: UserSign | 0): number;
}

/**
 * By what somebody is known. The sign before the id keeps a user apart from a visitor of the same id; it is no letter, so that
 * the id is a word of its own to who searches a file of these.
 */
export const USER_SIGNS = { user: 1, visitor: 2, session: 3 } as const;
export type UserSign = (typeof USER_SIGNS)[keyof typeof USER_SIGNS];

export function openUserTable(): UserTable {
  const keys = openTextTable();
  const size = 64;
  const names = ['head', 'end', 'eventBytes', 'tailBytes', 'count', 'past', 'pastBytes', 'alias'] as const;
  const table: UserTable = {
    keys,
    head: new Uint32Array(size),
    end: new Uint32Array(size),
    eventBytes: new Uint32Array(size),
    tailBytes: new Uint32Array(size),
    count: new Uint32Array(size),
    newest: new Float64Array(size),
    past: new Uint32Array(size),
    pastBytes: new Uint32Array(size),
    alias: new Uint32Array(size),
    get bytes() {
      return names.reduce((sum, name) => sum + table[name].byteLength, table.newest.byteLength) + keys.bytes;
    },
    add(id, sign) {
      const user = keys.add(id, sign);
      if (user >= table.head.length) {
        for (const name of names) table[name] = widened(table[name], user + 1);
        const newest = new Float64Array(table.head.length);
        newest.set(table.newest);
        table.newest = newest;
      }
      return user;
    },
  };
  return table;
}
