// For tests: a workspace to back up, and a look at all the events of one.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { EventRow } from '../event.ts';
import { NOW_MS, sampleShop } from '../import/sample-shop.ts';
import { compactJournal } from '../journal/compact.ts';
import { openEventJournal } from '../journal/event-journal.ts';
import { withLake } from '../lake/open.ts';
import type { Workspace } from '../workspace.ts';

/** A mapping of views. */
export const EVENTS = 'columns: { event_id: id, type: { constant: view }, timestamp: when, user_id: who }\n';

/** A workspace with two events in its lake, a model, keys and what else there may be. */
export async function shop(settings: Parameters<typeof sampleShop>[0] = {}) {
  const made = bareShop(settings);
  await made.import(made.write('a.csv', 'id,who,when\ni1,ann,2024-01-01\ni2,bob,2024-02-01\n'), EVENTS);
  return made;
}

/** The same without a lake. */
export function bareShop(settings: Parameters<typeof sampleShop>[0] = {}) {
  const made = sampleShop(settings);
  onTestFinished(made.remove);
  const put = (path: string, content: string, mode = 0o644): void => {
    const full = join(made.workspace.dir, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, content, { mode });
  };
  put('models/purchase/v1-abcdef0/weights.bin', 'w'.repeat(3000));
  put('models/purchase/promoted.json', '{"format":1,"history":[]}');
  put('keys/api-keys.json', '{"format":1,"keys":[]}', 0o600);
  put('state/state.snapshot', 'made anew');
  put(`reports/${'a-long-name-'.repeat(12)}/页面.html`, 'long');
  return { ...made, outside: dirname(made.workspace.dir), put };
}

export const view = (id: string): EventRow => ({
  event_id: id,
  type: 'view',
  timestamp: Date.UTC(2024, 0, 2),
  user_id: 'ann',
  item_id: 'mug',
});

/** Ids of every event of a workspace, those of its journal brought into its lake. */
export async function allIds(workspace: Workspace): Promise<string[]> {
  const events = await openEventJournal(workspace);
  expect(events.journal.recovery.damages).toEqual([]);
  await compactJournal(workspace, events, { nowMs: NOW_MS });
  await events.close();
  return withLake(workspace, { threads: 1 }, async (engine, source) => {
    const rows = await engine.rows<{ event_id: string }>(
      `SELECT event_id FROM ${source.events} ORDER BY ALL`,
    );
    return rows.map(({ event_id }) => event_id);
  });
}
