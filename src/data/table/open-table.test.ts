// A table out of a file: a first line of numbers is no header.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openEngine } from '../engine.ts';
import { openTable, type TableSource } from './open-table.ts';

const dir = mkdtempSync(join(tmpdir(), 'foresell-open-table-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function open(text: string): Promise<TableSource> {
  const path = join(dir, 'table.csv');
  writeFileSync(path, text);
  const engine = await openEngine({ threads: 1 });
  try {
    return await openTable(engine, path, { scratch: dir });
  } finally {
    engine.close();
  }
}

it('a file that begins with a row is refused, not read with a row for names', async () => {
  await expect(open('0.5,1.25,1\n0.75,2,0\n')).rejects.toMatchObject({
    code: 'BAD_FILE',
    message: expect.stringContaining('add a line of names'),
  });
});

it.each(['2019,2020,2021', 'a,0.5', '0,1,2'])('%s are names', async (header) => {
  const { columns, rows } = await open(`${header}\n${header.replaceAll('a', '1')}\n`);
  expect(columns).toEqual(header.split(','));
  expect(rows).toBe(1);
});
