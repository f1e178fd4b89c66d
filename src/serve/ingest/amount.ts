// Amounts as they stand in JSON, read into integer minor units without passing through a binary fraction.
import { currencyDigits } from '../../core/money.ts';

const PLAIN_DECIMAL = /^(-?)(\d{1,15})(?:\.(\d{1,30}))?$/;
/** Digits after the point an amount is kept to before it is converted, as in the import. */
const SCALE = 6;
const RATE_SCALE = 9;

/** A decimal as an integer of 10^-scale, halves rounded away from zero; undefined when the text is none. */
function scaledDecimal(text: string, scale: number): bigint | undefined {
  const match = PLAIN_DECIMAL.exec(text);
  if (!match) return undefined;
  const [, sign, whole, fraction = ''] = match;
  const kept = BigInt(whole + fraction.slice(0, scale).padEnd(scale, '0'));
  const rounded = fraction.charCodeAt(scale) >= 0x35 ? kept + 1n : kept;
  return sign === '-' ? -rounded : rounded;
}

function dividedRound(value: bigint, divisor: bigint): bigint {
  const half = divisor / 2n;
  return value < 0n ? -((-value + half) / divisor) : (value + half) / divisor;
}

/**
 * Minor units of an amount in major units: `9.99` EUR is 999. Halves are rounded away from zero.
 *
 * @param amount  a JSON number, or plain decimal text such as `-12.50`
 * @param rate    what one unit of the amount's currency is worth in `currency`, as decimal text; absent: the same one
 * @returns undefined when it is no amount, or one of 10^12 minor units and more
 */
export function minorUnits(amount: number | string, currency: string, rate?: string): number | undefined {
  const digits = currencyDigits(currency);
  if (typeof amount === 'number' && rate === undefined) {
    const scaled = amount * 10 ** digits;
    const whole = Math.round(scaled);
    // Far from a half the binary fraction cannot have changed the rounding; near one the text decides.
    if (Math.abs(scaled) < 1e12 && Math.abs(scaled - whole) < 0.49) return whole === 0 ? 0 : whole;
  }
  const text = typeof amount === 'number' ? plainText(amount) : amount.trim();
  const major = scaledDecimal(text, SCALE);
  if (major === undefined) return undefined;
  let minor: bigint;
  if (rate === undefined) minor = dividedRound(major * 10n ** BigInt(digits), 10n ** BigInt(SCALE));
  else {
    const worth = scaledDecimal(rate, RATE_SCALE);
    if (worth === undefined) return undefined;
    minor = dividedRound(major * worth * 10n ** BigInt(digits), 10n ** BigInt(SCALE + RATE_SCALE));
  }
  return minor > -1_000_000_000_000n && minor < 1_000_000_000_000n ? Number(minor) : undefined;
}

/** Shortest digits that read back to the same double; too small for the scale is nothing, too large stays unreadable. */
const plainText = (amount: number): string =>
  Math.abs(amount) < 1e-6 && Number.isFinite(amount) ? '0' : String(amount);
