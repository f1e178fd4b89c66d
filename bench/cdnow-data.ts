// The CDNOW sample (Fader and Hardie) as purchase histories: the field's common yardstick.
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { DAY_MS } from '../src/core/time.ts';

const FILE = new URL('../../shared/data/cdnow_sample/CDNOW_sample.txt.gz', import.meta.url);

export const hasCdnow = (): boolean => existsSync(FILE);

/** Customers at the end of calibration, with what they did in the hold-out; times in days, money in cents. */
export interface CdnowCustomers {
  readonly frequency: Float64Array;
  readonly recency: Float64Array;
  readonly T: Float64Array;
  /** Mean money per repeat purchase day; NaN when there was none. */
  readonly monetary: Float64Array;
  readonly first_value: Float64Array;
  /** Purchase days in (calibration end, calibration end + 39 weeks]. */
  readonly holdoutPurchases: Float64Array;
  /** Money in the same span. */
  readonly holdoutRevenue: Float64Array;
}

export const HOLDOUT_WEEKS = 39;

const CALIBRATION_END = Date.UTC(1997, 8, 30) / DAY_MS;

/** Reads the sample: calibration ends with 1997-09-30, purchases of one day count as one. */
export function readCdnow(): CdnowCustomers {
  const spending = new Map<string, Map<number, number>>();
  for (const line of gunzipSync(readFileSync(FILE)).toString('latin1').split('\n')) {
    const [, customer, date, , dollars] = line.trim().split(/\s+/);
    if (dollars === undefined) continue;
    const [year, month, day] = [date.slice(0, 4), date.slice(4, 6), date.slice(6)].map(Number);
    const days = spending.get(customer) ?? new Map<number, number>();
    const at = Date.UTC(year, month - 1, day) / DAY_MS;
    days.set(at, (days.get(at) ?? 0) + Math.round(Number(dollars) * 100));
    spending.set(customer, days);
  }
  const customers = [...spending.values()].map((days) => {
    const all = [...days].sort(([a], [b]) => a - b);
    const before = all.filter(([day]) => day <= CALIBRATION_END);
    const after = all.filter(([day]) => day > CALIBRATION_END && day <= CALIBRATION_END + 7 * HOLDOUT_WEEKS);
    const total = (purchases: typeof all) => purchases.reduce((sum, [, cents]) => sum + cents, 0);
    return {
      frequency: before.length - 1,
      recency: before[before.length - 1][0] - before[0][0],
      T: CALIBRATION_END - before[0][0],
      monetary: before.length > 1 ? total(before.slice(1)) / (before.length - 1) : Number.NaN,
      first_value: before[0][1],
      holdoutPurchases: after.length,
      holdoutRevenue: total(after),
    };
  });
  const column = (key: keyof (typeof customers)[number]) => Float64Array.from(customers, (c) => c[key]);
  return {
    frequency: column('frequency'),
    recency: column('recency'),
    T: column('T'),
    monetary: column('monetary'),
    first_value: column('first_value'),
    holdoutPurchases: column('holdoutPurchases'),
    holdoutRevenue: column('holdoutRevenue'),
  };
}
