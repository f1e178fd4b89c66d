// Do SQL, the online fold and the brute-force oracle agree on 1,000 random users at 20 moments, real and simulated?
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEngine } from '../src/data/engine.ts';
import { readCapabilities, viewFor } from '../src/data/features/capabilities.ts';
import { defaultView } from '../src/data/features/default-view.ts';
import { simulateShop } from '../src/data/synthetic.ts';
import { type Agreement, checkAgreement } from '../test/features/agreement.ts';
import { everyRule } from '../test/features/every-rule.ts';
import { retailSource, shopSource } from '../test/features/sources.ts';
import { atMost, type Bench, type Target } from './bench.ts';

export const bench: Bench = async ({ seed, threads, log }) => {
  const folder = mkdtempSync(join(tmpdir(), 'agreement-'));
  const engine = await openEngine({ threads });
  const targets: Target[] = [];
  const figures: Record<string, unknown> = {};
  const add = (name: string, agreement: Agreement): void => {
    log(`${name}: ${agreement.examples} examples, ${agreement.values} values, ${agreement.differing} differ`);
    targets.push(atMost(`values that differ on ${name}`, agreement.differing, 0));
    figures[name] = agreement;
  };
  try {
    const shop = simulateShop({ scenario: 'seasonal', customers: 3_000, items: 500, days: 730, seed });
    const simulated = await shopSource(engine, shop, folder);
    const fitted = viewFor(defaultView(90), await readCapabilities(engine, simulated.source));
    const whole = { items: simulated.items, users: 1_000, moments: 20, seed };
    const { source } = simulated;
    add(
      'the simulated shop, default view',
      await checkAgreement(engine, source, { ...whole, view: fitted.view }),
    );
    add(
      'the simulated shop, one of every rule',
      await checkAgreement(engine, source, { ...whole, view: everyRule }),
    );
    const retail = await retailSource(engine);
    const { view } = viewFor(defaultView(30), await readCapabilities(engine, retail));
    add(
      'Online Retail, default view',
      await checkAgreement(engine, retail, { view, users: 1_000, moments: 20, seed }),
    );
  } finally {
    engine.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return {
    bench: 'agreement',
    protocol: `1,000 random users at 20 moments (a third on an event, a third a look-back after one); integers exactly, floats 1e-9 relative; seed ${seed}`,
    targets,
    figures,
  };
};
