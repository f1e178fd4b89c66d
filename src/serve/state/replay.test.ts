// Online = offline: at every event of sampled users the state says what DuckDB SQL says over the log as it was by then.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { replayLog } from '../../../test/features/replay.ts';
import { retailSource, shopSource } from '../../../test/features/sources.ts';
import { random } from '../../core/random.ts';
import { zoneOffsets } from '../../core/time.ts';
import { openEngine, sqlText } from '../../data/engine.ts';
import { readCapabilities, viewFor } from '../../data/features/capabilities.ts';
import { defaultView, withEvents } from '../../data/features/default-view.ts';
import type { ItemFacts } from '../../data/features/fields.ts';
import { simulatedDisk } from '../../data/journal/simulated-disk.ts';
import type { EventSource } from '../../data/source.ts';
import { simulateShop } from '../../data/synthetic.ts';
import { loadSnapshot } from './load-snapshot.ts';
import type { OpenState } from './online-state.ts';
import { saveSnapshot } from './save-snapshot.ts';

const engine = await openEngine({ threads: 1 });
const folder = mkdtempSync(join(tmpdir(), 'replay-'));
afterAll(() => {
  engine.close();
  rmSync(folder, { recursive: true, force: true });
});

const TAOBAO = fileURLToPath(
  new URL('../../../../shared/data/taobao_users/events_share.csv.gz', import.meta.url),
);

async function fittedView(source: EventSource) {
  return viewFor(withEvents(defaultView(30)), await readCapabilities(engine, source)).view;
}

const retail = await retailSource(engine);
const retailView = await fittedView(retail);

describe('the online state says at every event what SQL says', () => {
  it('on the bundled shop, Online Retail, whose orders have many lines of one moment', async () => {
    const replay = await replayLog(engine, retail, {
      ...{ view: retailView, users: 3, moments: [5, 10], others: 30, seed: 3 },
    });
    expect(replay.differences).toEqual([]);
    expect(replay.inexact).toBe(0);
    expect(replay.moments).toBeGreaterThan(14);
    expect(replay.values).toBeGreaterThan(20 * retailView.features.length);
  });

  it('where only a few events are kept, of all features it does not mark', async () => {
    const few = { users: 2, moments: [6, 12], others: 3, seed: 4, eventsPerUser: 24 } as const;
    const replay = await replayLog(engine, retail, { view: retailView, ...few });
    expect(replay.differences).toEqual([]);
    expect(replay.inexact).toBeGreaterThan(0);
    expect(replay.inexact).toBeLessThan(0.35 * replay.values);
  });

  it('on a simulated shop with visits, prices and returns, however often it is started anew', async () => {
    const shop = simulateShop({ scenario: 'promo', customers: 60, items: 40, days: 120, seed: 8 });
    const { source, items } = await shopSource(engine, shop, folder);
    const view = await fittedView(source);
    const place = { disk: simulatedDisk({ random: random(1) }), name: 'people.snapshot' };
    const options = { views: [view], context: { zone: source.zone, items } };
    const by = async (state: unknown) => {
      await saveSnapshot(state as OpenState, 0, place);
      return (await loadSnapshot(options, place))?.state as OpenState;
    };
    const replay = await replayLog(engine, source, {
      ...{ view, items, users: 2, moments: [10, 25], others: 40, seed: 5 },
      interrupt: { every: 97, by },
    });
    expect(replay.differences).toEqual([]);
    expect([replay.inexact, replay.moments > 15]).toEqual([0, true]);
    expect(view.features.length).toBeGreaterThan(70);
  });

  it.skipIf(!existsSync(TAOBAO))(
    'on real browsing, Taobao 2017 (skipped where ../shared is absent)',
    async () => {
      await engine.run(`CREATE TABLE taobao AS SELECT 'line ' || row_number() OVER () AS event_id,
        CASE event_type WHEN 'view' THEN 'view' WHEN 'cart' THEN 'add_to_cart' WHEN 'purchase' THEN 'purchase' ELSE 'wishlist' END AS type,
        CAST(timestamp AS BIGINT) * 1000 AS timestamp, CAST(user_id AS VARCHAR) AS user_id, NULL::VARCHAR AS anonymous_id,
        NULL::VARCHAR AS session_id, CAST(item_id AS VARCHAR) AS item_id, NULL::DOUBLE AS quantity, NULL::BIGINT AS price_minor,
        '' AS currency, NULL::VARCHAR AS order_id, NULL::VARCHAR AS query, NULL::DOUBLE AS rating, NULL::VARCHAR AS text,
        NULL::VARCHAR AS device, NULL::VARCHAR AS channel, NULL::VARCHAR AS country, NULL::INTEGER AS position, NULL::VARCHAR AS props
        FROM read_csv(${sqlText(TAOBAO)})`);
      await engine.run(
        `CREATE TABLE taobao_items AS SELECT CAST(item_id AS VARCHAR) AS item_id, min(CAST(category_id AS VARCHAR)) AS category, NULL::VARCHAR AS brand, NULL::BIGINT AS price_minor FROM read_csv(${sqlText(TAOBAO)}) GROUP BY 1`,
      );
      const facts = await engine.rows<{ item_id: string; category: string }>(
        'SELECT item_id, category FROM taobao_items',
      );
      const items = new Map(
        facts.map(({ item_id, category }): [string, ItemFacts] => [item_id, { category }]),
      );
      const [{ first, last, rows }] = await engine.rows<{ first: number; last: number; rows: number }>(
        'SELECT min(timestamp) AS first, max(timestamp) AS last, count(*) AS rows FROM taobao',
      );
      const source: EventSource = {
        ...{ events: 'taobao', items: 'taobao_items', currency: '', fingerprint: 'taobao', rows },
        ...{ zone: zoneOffsets('Asia/Shanghai'), firstMs: first, lastMs: last },
      };
      const view = await fittedView(source);
      const replay = await replayLog(engine, source, {
        ...{ view, items, users: 2, moments: [12, 25], others: 40, seed: 6 },
      });
      expect(replay.differences).toEqual([]);
      expect([replay.inexact, replay.moments > 20]).toEqual([0, true]);
    },
  );
});
