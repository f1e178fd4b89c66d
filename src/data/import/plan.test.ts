import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openEngine } from '../engine.ts';
import { prepareFile } from './file.ts';
import { parseMapping } from './mapping.ts';
import { compilePlan } from './plan.ts';
import { rawRows } from './relation.ts';
import { importZone } from './time-sql.ts';

test('a plan has no join: the engine would rewrite a long IN list into one, and lines would no longer be in order', async () => {
  const root = mkdtempSync(join(tmpdir(), 'foresell-plan-'));
  const path = join(root, 'f.csv');
  writeFileSync(path, 'who,when,kind,price,cur\nann,2024-01-01,view,1,EUR\n');
  const words = Array.from({ length: 40 }, (_, i) => `w${i}`);
  const mapping = parseMapping(`
file: { missing: [${words.join(', ')}] }
columns:
  type: { column: kind, map: { ${words.map((word) => `${word}: view`).join(', ')} } }
  timestamp: when
  user_id: { expression: "if(kind in (${words.map((word) => `'${word}'`).join(', ')}), missing, who)" }
  price: price
  currency: cur
money: { exchange: { USD: 0.9, GBP: 1.2, JPY: 0.006 } }
skip: [{ when: "kind in (${words.map((word) => `'${word}'`).join(', ')})" }]
`);
  const engine = await openEngine({ threads: 1 });
  const rows = await rawRows(engine, await prepareFile(path, mapping.file, root), mapping);
  const nowMs = Date.UTC(2025, 0, 1);
  const { sql, filled } = compilePlan(mapping, rows, {
    zone: importZone('Europe/London', nowMs),
    nowMs,
    money: { currency: 'EUR', exchange: mapping.money.exchange },
    pseudonyms: false,
  });
  const explained = await engine.rows<{ explain_value: string }>(`EXPLAIN ${sql}`);
  engine.close();
  rmSync(root, { recursive: true });
  expect(explained.map((row) => row.explain_value).join('\n')).not.toMatch(/JOIN/);
  expect(filled).toEqual(['event_id', 'type', 'timestamp', 'user_id', 'quantity', 'price_minor', 'currency']);
});
