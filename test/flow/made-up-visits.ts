// For tests: a small shop's visits as CSV, where what is in the cart tells what is bought; the same text for the same seed.
import { random } from '../../src/core/random.ts';
import { DAY_MS } from '../../src/core/time.ts';

export const VISITS_FROM_MS = Date.UTC(2024, 0, 1);

interface MadeUpVisits {
  readonly customers?: number;
  readonly days?: number;
  readonly seed?: number;
}

const ITEMS = 300;
const MINUTE_MS = 60_000;
/** A visit with something in the cart ends in an order this often, another one that rarely. */
const BUYS_CARTED = 0.5;
const BUYS_OTHERWISE = 0.01;

/**
 * A visit looks at one to five items, now and then puts one into the cart, and buys as said above; what stays in the cart
 * is taken up again by the next visit in seven of ten.
 */
export function madeUpVisits({ customers = 200, days = 49, seed = 5 }: MadeUpVisits = {}): string {
  const draw = random(seed);
  const lines = ['event,type,when,user,item'];
  const add = (type: string, ms: number, who: string, item: number) =>
    lines.push(`e${lines.length},${type},${Math.round(ms)},${who},i${item}`);
  for (let customer = 0; customer < customers; customer++) {
    const who = `c${customer}`;
    let cart: number | undefined;
    for (let day = 3 * draw.uniform(); day < days - 0.2; day += 0.2 + draw.exponential(1 / 2)) {
      let ms = VISITS_FROM_MS + day * DAY_MS;
      const again = cart !== undefined && draw.uniform() < 0.7;
      if (!again) cart = undefined;
      const views = 1 + draw.integer(5);
      for (let view = 0; view < views; view++) {
        const item = again && view === 0 ? (cart as number) : draw.integer(ITEMS);
        add('view', ms, who, item);
        ms += (1 + draw.integer(4)) * MINUTE_MS;
        if (cart === undefined && draw.uniform() < 0.15) {
          cart = item;
          add('add_to_cart', ms, who, item);
          ms += MINUTE_MS;
        }
      }
      if (draw.uniform() < (cart === undefined ? BUYS_OTHERWISE : BUYS_CARTED)) {
        add('purchase', ms, who, cart ?? draw.integer(ITEMS));
        cart = undefined;
      }
    }
  }
  return `${lines.join('\n')}\n`;
}

/** The mapping of such a file. */
export const VISITS_MAPPING = `
kind: events
time: { zone: UTC, format: unix_ms }
columns: { event_id: event, type: type, timestamp: when, user_id: user, item_id: item }
`;
