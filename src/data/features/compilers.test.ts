import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { checkAgreement } from '../../../test/features/agreement.ts';
import { everyRule } from '../../../test/features/every-rule.ts';
import { randomLog } from '../../../test/features/random-log.ts';
import {
  cdnowSource,
  hasCdnow,
  retailSource,
  shopSource,
  tableSource,
} from '../../../test/features/sources.ts';
import { numberColumn } from '../../core/frame.ts';
import { zoneOffsets } from '../../core/time.ts';
import { openEngine } from '../engine.ts';
import { buildExamples } from '../examples.ts';
import { everyoneKnown } from '../labels.ts';
import { simulateShop } from '../synthetic.ts';
import { readCapabilities, viewFor } from './capabilities.ts';
import { defaultView, withEvents } from './default-view.ts';

const engine = await openEngine({ threads: 2 });
afterAll(() => engine.close());

// Few users and moments here; `npm run bench -- agreement` runs the same check on 1,000 users at 20 moments.
describe('SQL, the online fold and the brute-force oracle give the same values', () => {
  // Clocks that change at two in the morning, at midnight, by a whole day, and never.
  const zones = ['America/New_York', 'America/Havana', 'Pacific/Apia', 'Asia/Shanghai'];
  it.each(zones)('on a random log in %s', async (zoneName) => {
    const log = randomLog({ seed: 7, users: 40, startMs: Date.UTC(2011, 9, 1), days: 420 });
    const source = await tableSource(engine, log.events, { zone: zoneOffsets(zoneName), items: log.items });
    for (const view of [everyRule, withEvents(defaultView(60))]) {
      const agreement = await checkAgreement(engine, source, {
        view,
        items: log.items,
        users: 40,
        moments: 6,
        seed: 11,
      });
      expect(agreement.differences).toEqual([]);
      expect(agreement.examples).toBeGreaterThan(130);
    }
  });

  it('on the simulated shop', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'features-'));
    try {
      const shop = simulateShop({ scenario: 'promo', customers: 120, items: 60, days: 200, seed: 3 });
      const { source, items } = await shopSource(engine, shop, folder);
      const { view } = viewFor(withEvents(defaultView(60)), await readCapabilities(engine, source));
      const agreement = await checkAgreement(engine, source, { view, items, users: 80, moments: 4, seed: 2 });
      expect(agreement.differences).toEqual([]);
      expect(agreement.examples).toBeGreaterThan(100);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('on Online Retail', async () => {
    const source = await retailSource(engine);
    const { view } = viewFor(withEvents(defaultView(30)), await readCapabilities(engine, source));
    const agreement = await checkAgreement(engine, source, { view, users: 80, moments: 6, seed: 5 });
    expect(agreement.differences).toEqual([]);
    expect(agreement.examples).toBeGreaterThan(250);
  });
});

test.skipIf(!hasCdnow)(
  'customer 0001 of CDNOW has the textbook x, t_x and T (skipped where ../shared is absent)',
  async () => {
    // Fader & Hardie: customer 1 has x = 2, t_x = 30.43 weeks, T = 38.86 weeks at the end of the calibration period.
    const source = await cdnowSource(engine);
    const { frame, entities } = await buildExamples(engine, source, {
      view: defaultView(273),
      population: everyoneKnown,
      asOfs: [Date.UTC(1997, 8, 30)],
    });
    expect(entities.length).toBe(2357);
    expect(entities[0]).toBe('0001');
    expect(numberColumn(frame, 'frequency').values[0]).toBe(2);
    expect(numberColumn(frame, 'recency').values[0] / 7).toBeCloseTo(30.43, 2);
    expect(numberColumn(frame, 'T').values[0] / 7).toBeCloseTo(38.86, 2);
    // Published for this sample: mean x = 1.0424.
    const frequency = numberColumn(frame, 'frequency').values;
    expect(frequency.reduce((a, b) => a + b) / frequency.length).toBeCloseTo(1.0424, 3);
  },
);
