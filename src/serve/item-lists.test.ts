import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeFrame } from '../core/frame.ts';
import { name } from '../core/name.ts';
import { listByCustomer, readCandidates } from './item-lists.ts';

const dir = mkdtempSync(join(tmpdir(), 'item-lists-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const predictions = {
  entities: ['ann', 'bob', 'ann', 'bob', 'ann'],
  subjects: { items: ['a', 'a', 'b', 'c', 'c'] },
  frame: makeFrame([
    {
      kind: 'number',
      name: 'pair_purchases',
      label: name('', ''),
      unit: 'count',
      group: 'interest',
      values: Float64Array.of(0, 0, 2, 0, 0),
    },
  ]),
};
const ranked = [2, 3, 0, 4, 1];
const told = (options: Parameters<typeof listByCustomer>[2]) => {
  const { rows, ranks } = listByCustomer(predictions, ranked, options);
  return rows.map((row, i) => `${predictions.entities[row]} ${predictions.subjects.items[row]} ${ranks[i]}`);
};

test('items stand by customer, customers by their best item', () => {
  expect(told({})).toEqual(['ann b 1', 'ann a 2', 'ann c 3', 'bob c 1', 'bob a 2']);
});

test('the best of each, without what was bought, among those offered', () => {
  expect(told({ top: 1 })).toEqual(['ann b 1', 'bob c 1']);
  expect(told({ excludeSeen: true })).toEqual(['bob c 1', 'bob a 2', 'ann a 1', 'ann c 2']);
  expect(told({ candidates: new Set(['a']) })).toEqual(['ann a 1', 'bob a 1']);
});

test('candidates are ids of a text file, one a line; none or no file is said', () => {
  const path = join(dir, 'offer.txt');
  writeFileSync(path, 'a\r\n b \n\n');
  expect([...readCandidates(path)]).toEqual(['a', 'b']);
  writeFileSync(path, '\n');
  expect(() => readCandidates(path)).toThrow('--candidates: expected item ids, one a line, got none');
  expect(() => readCandidates(join(dir, 'none.txt'))).toThrow(
    '--candidates: expected a text file of item ids',
  );
});
