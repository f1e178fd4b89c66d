// Lists of ids under names: what a user took, and what is known of an item.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readItemLists, readUserLists } from './read-json-lists.ts';

const folder = mkdtempSync(join(tmpdir(), 'json-lists-'));
const written = (name: string, text: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

describe('lists of items by user', () => {
  it('are sequences in the order of the lists; empty ones are passed over', () => {
    const path = written('users.json.gz', gzipSync('{"u": [7, 3, 7], "none": [], "v": ["x", 3]}'));
    const { sequences, passedOver, file } = readUserLists(path);
    expect(sequences.entities).toEqual(['u', 'v']);
    expect(sequences.itemIds).toEqual(['7', '3', 'x']);
    expect([...sequences.items]).toEqual([0, 1, 0, 2, 1]);
    expect([...sequences.offsets]).toEqual([0, 3, 5]);
    expect([passedOver, file]).toEqual([1, 'users.json.gz']);
  });

  it.each(['[1, 2]', '{"u": 3}', '{"u": [1.5]}', '{"u": [[1]]}', '{"u": [1', 'null'])(
    'are refused when they are others: %s',
    (text) => {
      expect(() => readUserLists(written('other.json', text))).toThrow(/object of lists/);
    },
  );

  it('are refused when all are empty', () => {
    expect(() => readUserLists(written('empty.json', '{"u": []}'))).toThrow(/empty/);
  });
});

describe('lists of attributes by item', () => {
  it('stand in columns, those most items share first; unknown items have none', () => {
    const path = written('items.json', '{"a": [1, 9], "b": [9], "c": [5, 9, 5], "stranger": [1]}');
    const { categories } = readItemLists(path, ['c', 'new', 'a', 'b']);
    const shown = Object.entries(categories).map(([name, { codes, levels }]) => [
      name,
      [...codes].map((code) => levels[code]),
    ]);
    expect(shown).toEqual([
      ['attribute 1', ['9', undefined, '9', '9']],
      ['attribute 2', ['5', undefined, '1', undefined]],
    ]);
  });
});
