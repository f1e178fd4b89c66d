// The search looks at what other processes write meanwhile: a file that gets its name by rename is not passed by.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openEngine } from '../engine.ts';
import { type SampleShop, sampleShop } from '../import/sample-shop.ts';
import { searchWorkspace } from './search.ts';

let shop: SampleShop | undefined;
afterEach(() => shop?.remove());

/** What is found of customer-17 where a report is put in place just after its old self has been read. */
async function foundWhile(written: string): Promise<readonly string[]> {
  shop = sampleShop();
  const { workspace } = shop;
  const place = join(workspace.dir, 'reports', 'page.html');
  mkdirSync(join(workspace.dir, 'reports'), { recursive: true });
  writeFileSync(place, '<p>nobody</p>');
  writeFileSync(`${place}.77.new`, written);
  let hasMoved = false;
  const otherProcess = {
    reads(file: string) {
      if (file !== 'reports/page.html' || hasMoved) return false;
      renameSync(`${place}.77.new`, place);
      hasMoved = true;
      return false;
    },
    *rows() {},
  };
  const engine = await openEngine({ threads: 1 });
  try {
    const needles = [{ kind: 'id' as const, value: 'customer-17' }];
    const found = await searchWorkspace(engine, workspace, needles, [otherProcess]);
    expect(hasMoved).toBe(true);
    return found.map(({ file }) => file);
  } finally {
    engine.close();
  }
}

test('a report put in place while the search goes on is found under its name', async () => {
  expect(await foundWhile('<td>customer-17</td>')).toEqual(['reports/page.html']);
});

test('one that names nobody is no finding, and no error', async () => {
  expect(await foundWhile('<td>customer-18</td>')).toEqual([]);
});
