// How numbers and words read in one language: locale, units and the shop's currency in one value handed around.
import type { Unit } from '../core/frame.ts';
import { currencyDigits, minorPerMajor } from '../core/money.ts';
import type { Language, Name } from '../core/name.ts';
import { formatMoment, offsetAt, parseMoment, UTC, type ZoneOffsets, zoneOffsets } from '../core/time.ts';
import { TEXTS, type TextKey } from './texts.ts';
import { ROW_TEXTS } from './texts-rows.ts';
import { SEQUENCE_TEXTS } from './texts-sequences.ts';

/** A shop's customers, the rows of any table, or sequences of items. */
export type About = 'customers' | 'rows' | 'sequences';

/** What is said otherwise than of customers. */
const OWN_TEXTS: Readonly<Record<About, Partial<Readonly<Record<TextKey, Name>>>>> = {
  customers: {},
  rows: ROW_TEXTS,
  sequences: SEQUENCE_TEXTS,
};

export type Holes = Readonly<Record<string, string | number>>;

/** Not-a-number reads as a dash everywhere. */
export interface Speech {
  readonly language: Language;
  /** Whom the page speaks of. */
  readonly about: About;
  readonly currency: string;
  /** A text of the table, `{hole}`s filled. */
  text(key: TextKey, holes?: Holes): string;
  say(name: Name): string;
  /** 12,345 */
  count(value: number): string;
  /** .1234 → 12.3% */
  share(value: number, digits?: number): string;
  /** A fixed number of decimals. */
  decimal(value: number, digits: number): string;
  /** Minor units → £1,234 or £12.30; a value under 100 keeps its cents, nothing is £0. */
  money(minor: number): string;
  /** Short forms for axes: £1.2K, 12K. */
  shortMoney(minor: number): string;
  shortCount(value: number): string;
  /** A value in a unit: a share as percent, money in the currency. */
  value(value: number, unit: Unit): string;
  /** The same, short, for an axis. */
  tick(value: number, unit: Unit): string;
  seconds(value: number): string;
  /** A `formatMoment` text on the shop's calendar: the day alone when it is a midnight there. */
  moment(text: string): string;
  /** With its sign always: +1.2, −0.3. */
  signed(value: number, write: (magnitude: number) => string): string;
  /** `low – high` in the language's way. */
  range(low: string, high: string): string;
}

const LOCALES: Readonly<Record<Language, string>> = { en: 'en-GB', zh: 'zh-CN' };
const MINUS = '\u2212';
const DASH = '\u2013';

/**
 * @param currency ISO 4217; one that is not a currency is written as a plain suffix
 * @param timeZone IANA; UTC when the runtime does not know it
 */
export function speech(
  language: Language,
  currency: string,
  timeZone = 'UTC',
  about: About = 'customers',
): Speech {
  const zone = knownZone(timeZone);
  const locale = LOCALES[language];
  const plain = (value: number, options: Intl.NumberFormatOptions) =>
    Number.isFinite(value) ? new Intl.NumberFormat(locale, options).format(value).replace(/^-/, MINUS) : DASH;

  const money = (major: number, options: Intl.NumberFormatOptions) => {
    try {
      return plain(major, { style: 'currency', currency, currencyDisplay: 'narrowSymbol', ...options });
    } catch {
      return `${plain(major, options)} ${currency}`.trim();
    }
  };

  const self: Speech = {
    language,
    about,
    currency,
    text: (key, holes = {}) =>
      (OWN_TEXTS[about][key] ?? TEXTS[key])[language].replace(/\{(\w+)\}/g, (whole, hole) =>
        String(holes[hole] ?? whole),
      ),
    say: (name) => name[language],
    count: (value) => plain(value, { maximumFractionDigits: 0 }),
    share: (value, digits = 1) =>
      plain(value, { style: 'percent', minimumFractionDigits: digits, maximumFractionDigits: digits }),
    decimal: (value, digits) =>
      plain(value, { minimumFractionDigits: digits, maximumFractionDigits: digits }),
    money(minor) {
      const major = minor / minorPerMajor(currency);
      const digits = major !== 0 && Math.abs(major) < 100 ? currencyDigits(currency) : 0;
      return money(major, { minimumFractionDigits: digits, maximumFractionDigits: digits });
    },
    shortMoney: (minor) =>
      money(minor / minorPerMajor(currency), {
        notation: 'compact',
        minimumFractionDigits: 0,
        maximumFractionDigits: 1,
      }),
    shortCount: (value) => plain(value, { notation: 'compact', maximumFractionDigits: 1 }),
    value: (value, unit) => {
      if (unit === 'money') return self.money(value);
      if (unit === 'share') return self.share(value);
      return self.decimal(value, unit === 'score' ? 3 : Number.isInteger(value) ? 0 : 2);
    },
    tick: (value, unit) => {
      if (unit === 'money') return self.shortMoney(value);
      if (unit === 'share') return plain(value, { style: 'percent', maximumFractionDigits: 1 });
      return unit === 'score' ? plain(value, { maximumFractionDigits: 3 }) : self.shortCount(value);
    },
    seconds: (value) =>
      value > 0 && value < 0.00005
        ? `< ${self.decimal(0.1, 1)} ${self.text('unit.ms')}`
        : value < 0.0995
          ? `${self.decimal(value * 1000, value < 0.00095 ? 1 : 0)} ${self.text('unit.ms')}`
          : value < 119.5
            ? `${self.decimal(value, value < 9.95 ? 1 : 0)} ${self.text('unit.s')}`
            : `${self.decimal(value / 60, 1)} ${self.text('unit.min')}`,
    moment(text) {
      // A bare day stays the day it is, whatever the zone.
      const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? undefined : momentOf(text);
      if (ms === undefined) return text;
      return formatMoment(ms + offsetAt(zone, ms))
        .replace('T', ' ')
        .replace(/:\d\d(\.\d+)?Z$/, '');
    },
    signed: (value, write) =>
      Number.isFinite(value) ? `${value < 0 ? MINUS : '+'}${write(Math.abs(value))}` : DASH,
    // A dash between signs, dates or words would be misread.
    range: (low, high) =>
      /[\s\u2212+-]/.test(low + high)
        ? `${low} ${language === 'zh' ? '至' : 'to'} ${high}`
        : `${low}${DASH}${high}`,
  };
  return self;
}

function knownZone(timeZone: string): ZoneOffsets {
  if (timeZone === 'UTC') return UTC;
  try {
    return zoneOffsets(timeZone);
  } catch {
    return UTC;
  }
}

function momentOf(text: string): number | undefined {
  try {
    return parseMoment(text);
  } catch {
    return undefined;
  }
}
