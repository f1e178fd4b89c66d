// What order means: in `orderless` nothing, in `sequential` much, and the stream says the same as the truth.
import { describe, expect, it } from 'vitest';
import { DAY_MS } from '../../core/time.ts';
import { type SimulatedShop, simulateShop } from '../synthetic.ts';
import { TYPE_CODE } from './batch.ts';
import { orderValue } from './truth.ts';

const PAST = [3, 200, 41, 41, 77];
const PERMUTED = [41, 77, 3, 41, 200];
const small = { customers: 60, items: 300, days: 365, seed: 4 } as const;

/** Pairs of items viewed one after the other in one visit by the customers who are no bots. */
function* viewPairs(shop: SimulatedShop): Generator<{ user: number; first: number; second: number }> {
  for (const batch of shop.events()) {
    let last = -1;
    for (let row = 0; row < batch.rows; row++) {
      if (batch.type[row] !== TYPE_CODE.view) continue;
      const sameVisit =
        last >= 0 && batch.owner[last] === batch.owner[row] && batch.visit[last] === batch.visit[row];
      if (sameVisit && !shop.truth.isBot(batch.owner[row])) {
        yield { user: batch.owner[row], first: batch.item[last], second: batch.item[row] };
      }
      last = row;
    }
  }
}

describe('what comes next', () => {
  it('does not depend on the order of the past in orderless', () => {
    const { truth } = simulateShop({ ...small, scenario: 'orderless' });
    for (let user = 0; user < 20; user++) {
      const next = truth.nextItem(user, PAST);
      expect(next.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
      expect(truth.nextItem(user, PERMUTED)).toEqual(next);
      expect(truth.nextItem(user, [])).toEqual(next);
    }
  });

  it('depends on it in sequential', () => {
    const shop = simulateShop({ ...small, scenario: 'sequential' });
    let far = 0;
    for (let user = 0; user < 20; user++) {
      const next = shop.truth.nextItem(user, PAST);
      const other = shop.truth.nextItem(user, PERMUTED);
      const distance = next.reduce((sum, p, item) => sum + Math.abs(p - other[item]), 0) / 2;
      expect(next.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
      // The last views lie in different categories: at least the mass that follows them has moved.
      expect(shop.world.catalogue.category[77]).not.toBe(shop.world.catalogue.category[200]);
      far += distance > 0.5 ? 1 : 0;
    }
    expect(far).toBe(20);
  });

  it.each(['orderless', 'sequential'] as const)(
    'is what the stream of %s shows, pair by pair',
    (scenario) => {
      const shop = simulateShop({ ...small, scenario, customers: 200 });
      const { catalogue } = shop.world;
      let expected = 0;
      let variance = 0;
      let seen = 0;
      let pairs = 0;
      for (const { user, first, second } of viewPairs(shop)) {
        if (++pairs % 20 !== 0) continue;
        // The chance that the next item lies in the successor of the last one's category, by the truth.
        const wanted = catalogue.successor[catalogue.category[first]];
        const next = shop.truth.nextItem(user, [first]);
        let chance = 0;
        for (let item = 0; item < next.length; item++)
          if (catalogue.category[item] === wanted) chance += next[item];
        expected += chance;
        variance += chance * (1 - chance);
        seen += catalogue.category[second] === wanted ? 1 : 0;
      }
      expect(pairs).toBeGreaterThan(5_000);
      expect(Math.abs(seen - expected)).toBeLessThan(4 * Math.sqrt(variance));
    },
  );

  it('leaves the two shops alike in everything else', () => {
    const orderless = simulateShop({ ...small, scenario: 'orderless' });
    const sequential = simulateShop({ ...small, scenario: 'sequential' });
    const asOf = orderless.startMs + 200 * DAY_MS;
    for (let user = 0; user < 60; user++) {
      expect(sequential.truth.purchaseProbability(user, asOf, 30 * DAY_MS)).toBe(
        orderless.truth.purchaseProbability(user, asOf, 30 * DAY_MS),
      );
    }
  });
});

describe('the value of an order', () => {
  it('falls with price sensitivity, on average', () => {
    const shop = simulateShop({ ...small, scenario: 'promo', customers: 2_000 });
    const values: { sensitivity: number; value: number }[] = [];
    for (let user = 0; user < 2_000; user++) {
      const customer = shop.customer(user);
      values.push({ sensitivity: customer.priceSensitivity, value: orderValue(shop.world, customer) });
    }
    values.sort((a, b) => a.sensitivity - b.sensitivity);
    const mean = (part: typeof values) => part.reduce((sum, { value }) => sum + value, 0) / part.length;
    expect(mean(values.slice(0, 500))).toBeGreaterThan(1.1 * mean(values.slice(-500)));
  });
});
