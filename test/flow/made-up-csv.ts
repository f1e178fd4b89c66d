// For tests: a small shop's order lines as CSV, the same text for the same seed.
import { random } from '../../src/core/random.ts';
import { DAY_MS, formatMoment } from '../../src/core/time.ts';

export const FIRST_DAY_MS = Date.UTC(2024, 0, 1);

export const MADE_UP_HEADER = 'order,customer,day,sku,qty,price';

interface MadeUpShop {
  readonly customers?: number;
  readonly days?: number;
  readonly seed?: number;
  /** What customer i is called, as it stands in the file. */
  readonly id?: (customer: number) => string;
}

/** Customers with a rate and a lifetime of their own, so that there is something to learn; about 5 lines a customer. */
export function madeUpCsv({
  customers = 400,
  days = 200,
  seed = 7,
  id = (i) => `c${i}`,
}: MadeUpShop = {}): string {
  const draw = random(seed);
  const lines = [MADE_UP_HEADER];
  let order = 0;
  for (let customer = 0; customer < customers; customer++) {
    const rate = draw.gamma(1.2, 40);
    const generosity = draw.gamma(4, 0.25);
    let day = draw.uniform() * days * 0.75;
    const end = Math.min(days, day + draw.exponential(1 / 120));
    while (day < end) {
      order++;
      const when = formatMoment(FIRST_DAY_MS + Math.round(day * 86_400) * (DAY_MS / 86_400));
      for (let line = 1 + draw.integer(3); line > 0; line--) {
        const price = (generosity * (0.5 + draw.uniform())).toFixed(2);
        lines.push(`o${order},${id(customer)},${when},s${draw.integer(40)},${1 + draw.integer(3)},${price}`);
      }
      day += draw.exponential(rate) + 0.05;
    }
  }
  return `${lines.join('\n')}\n`;
}

/** The mapping of such a file. */
export const MADE_UP_MAPPING = `
kind: events
time: { zone: UTC }
columns:
  type: { constant: purchase }
  timestamp: day
  user_id: customer
  item_id: sku
  order_id: order
  quantity: qty
  price: price
  currency: { constant: EUR }
`;
