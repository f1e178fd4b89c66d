// Reads one message field by field into values a row may have; keeps the first thing that is wrong, and where.
import type { EventType } from '../../data/event.ts';
import { minorUnits } from './amount.ts';
import { correctedTime, EARLIEST_MS, FUTURE_SLACK_MS, readTime } from './clock.ts';
import type { IngestContext, Rejection, RejectReason } from './outcome.ts';

export const MAX_ID_BYTES = 512;
export const MAX_TEXT_BYTES = 2 ** 20;
export const MAX_DEPTH = 32;

const LONE_SURROGATE = /\p{Surrogate}/u;
const CURRENCY = /^[A-Za-z]{3}$/;

/** Money of one piece. */
export interface Money {
  readonly price_minor: number;
  readonly currency: string;
}

const NO_MONEY: { readonly price_minor: null; readonly currency: null } = {
  price_minor: null,
  currency: null,
};

/**
 * One reader a message. Every method takes what stood in the message and where, as a pointer without its leading slash
 * (`properties/price`), and returns null for what is absent or wrong; `fault` says which.
 */
export class FieldReader {
  readonly context: IngestContext;
  /** The first fault, its pointer relative to the message. */
  fault: Rejection | undefined;

  constructor(context: IngestContext) {
    this.context = context;
  }

  refuse(reason: RejectReason, at: string): null {
    this.fault ??= { pointer: at === '' ? '' : `/${at}`, reason };
    return null;
  }

  /** An id; numbers that JSON keeps exactly are ids too. Blanks around it do not count, as in an import. */
  id(value: unknown, at: string): string | null {
    return this.bounded(value, at, MAX_ID_BYTES);
  }

  text(value: unknown, at: string): string | null {
    return this.bounded(value, at, MAX_TEXT_BYTES);
  }

  private bounded(value: unknown, at: string, limit: number): string | null {
    if (value === undefined || value === null) return null;
    if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
    if (typeof value !== 'string') return this.refuse('wrong_type', at);
    // A UTF-16 unit is at most three bytes.
    if (value.length * 3 > limit && Buffer.byteLength(value) > limit) return this.refuse('text_too_long', at);
    if (LONE_SURROGATE.test(value)) return this.refuse('bad_text', at);
    const trimmed = value.trim();
    return trimmed === '' ? null : trimmed;
  }

  /** A finite number, also one written as text. */
  number(value: unknown, at: string): number | null {
    if (value === undefined || value === null || value === '') return null;
    const number =
      typeof value === 'string' && value.length < 40 ? Number(value.trim() || Number.NaN) : value;
    if (typeof number !== 'number') return this.refuse('wrong_type', at);
    return Number.isFinite(number) ? number : this.refuse('bad_number', at);
  }

  /** A place in a list, 32 bits. */
  position(value: unknown, at: string): number | null {
    const number = this.number(value, at);
    if (number === null) return null;
    return Math.abs(number) <= 2_147_483_647 ? Math.trunc(number) : this.refuse('bad_number', at);
  }

  /** Pieces; a refund may write them as negative. */
  quantity(value: unknown, at: string, type: EventType): number | null {
    const number = this.number(value, at);
    if (number === null || number >= 0) return number;
    return type === 'refund' ? -number : this.refuse('negative_quantity', at);
  }

  /**
   * Money of one piece from an amount in major units, or from whole minor units where `isMinor`.
   *
   * @param currencyAt where the currency stands, for a fault
   */
  money(
    price: { readonly value: unknown; readonly at: string; readonly isMinor?: boolean },
    currency: { readonly value: unknown; readonly at: string },
    type: EventType,
  ): Money | typeof NO_MONEY {
    const { value, at } = price;
    if (value === undefined || value === null || value === '') return NO_MONEY;
    const code = this.currency(currency.value, currency.at, at);
    if (code === null) return NO_MONEY;
    if (typeof value !== 'number' && typeof value !== 'string') {
      this.refuse('wrong_type', at);
      return NO_MONEY;
    }
    const own = this.context.currency;
    const minor =
      price.isMinor && code === own
        ? wholeMinor(value)
        : price.isMinor
          ? undefined
          : minorUnits(value, own, code === own ? undefined : this.context.exchange[code]);
    if (minor === undefined) {
      this.refuse('bad_number', at);
      return NO_MONEY;
    }
    if (minor < 0 && type !== 'refund') {
      this.refuse('negative_price', at);
      return NO_MONEY;
    }
    return { price_minor: Math.abs(minor), currency: own };
  }

  /** The currency the price is in: ours, or one we have a rate for. */
  private currency(value: unknown, at: string, priceAt: string): string | null {
    const own = this.context.currency;
    if (own === '') return this.refuse('missing_currency', priceAt);
    if (value === undefined || value === null || value === '') return own;
    if (typeof value !== 'string') return this.refuse('wrong_type', at);
    if (!CURRENCY.test(value)) return this.refuse('bad_value', at);
    const code = value.toUpperCase();
    return code === own || Object.hasOwn(this.context.exchange, code)
      ? code
      : this.refuse('wrong_currency', at);
  }

  /** A time within the lake's bounds, on our clock; the moment of receipt when there is none. */
  time(statedMs: number | undefined, sentMs: number | undefined, at: string): number {
    if (statedMs === undefined) return this.context.receivedMs;
    const time = correctedTime(statedMs, sentMs, this.context.receivedMs);
    if (time < EARLIEST_MS) this.refuse('before_1990', at);
    else if (time > this.context.receivedMs + FUTURE_SLACK_MS) this.refuse('future_date', at);
    return time;
  }

  /** Reads the time a sender wrote; undefined when it wrote none, or one that cannot be read. */
  stated(value: unknown, at: string): number | undefined {
    if (value === undefined || value === null) return undefined;
    const time = readTime(value);
    if (time === undefined) this.refuse('bad_time', at);
    return time;
  }

  /** An object as the JSON the lake keeps; null when it has no members. */
  props(value: unknown, at: string): string | null {
    if (value === undefined || value === null) return null;
    if (typeof value !== 'object' || Array.isArray(value)) return this.refuse('wrong_type', at);
    if (isDeeper(value, MAX_DEPTH)) return this.refuse('too_deep', at);
    const text = JSON.stringify(value);
    if (text === '{}') return null;
    if (text.length * 3 > MAX_TEXT_BYTES && Buffer.byteLength(text) > MAX_TEXT_BYTES) {
      return this.refuse('text_too_long', at);
    }
    // Half a surrogate pair comes out of `stringify` as an escape.
    return text.includes('\\ud') && hasLoneEscape(text) ? this.refuse('bad_text', at) : text;
  }
}

function wholeMinor(value: number | string): number | undefined {
  const number = typeof value === 'string' ? Number(value.trim() || Number.NaN) : value;
  return Number.isSafeInteger(number) && Math.abs(number) < 1e12 ? number : undefined;
}

/** `stringify` writes a whole pair as itself and only half a pair as `\udXXX`; `\\ud` is a backslash and two letters. */
const hasLoneEscape = (json: string): boolean => /(?:^|[^\\])(?:\\\\)*\\ud[89a-f][0-9a-f]{2}/.test(json);

/** Whether objects and arrays nest more than `levels` deep; looks no deeper than that. */
export function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const key in value) {
    if (isDeeper((value as Record<string, unknown>)[key], levels - 1)) return true;
  }
  return false;
}
