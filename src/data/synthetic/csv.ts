// Batches to CSV bytes without a string per row: the fast way out of the simulator.
import { EVENT_COLUMNS, EVENT_TYPES } from '../event.ts';
import { type EventBatch, TYPE_CODE } from './batch.ts';
import { anonymousId } from './ids.ts';
import { CHANNELS, COUNTRIES, DEVICES } from './words.ts';

export const CSV_HEADER = `${Object.keys(EVENT_COLUMNS).join(',')}\n`;

/** No row is longer: two texts of a few hundred characters and some thirty short fields. */
const LONGEST_ROW = 4_096;
const COMMA = 44;
const MINUS = 45;
const NEWLINE = 10;
const ZERO = 48;

/** Types that belong to no session: they happen to an order, or to an account. */
const OUTSIDE_SESSION = new Set([TYPE_CODE.refund, TYPE_CODE.review]);

export interface CsvEncoder {
  /** The batch as CSV lines, without a header, in pieces that are overwritten by the next one. */
  encode(batch: EventBatch): Generator<Uint8Array>;
}

/** @param currency of every price */
export function csvEncoder(currency: string, pieceBytes = 1 << 20): CsvEncoder {
  const out = Buffer.allocUnsafe(pieceBytes);
  let at = 0;
  const latin = (words: readonly string[]) => words.map((word) => Buffer.from(word, 'latin1'));
  const types = latin(EVENT_TYPES);
  const devices = latin(DEVICES);
  const channels = latin(CHANNELS);
  const countries = latin(COUNTRIES);
  const money = Buffer.from(currency, 'latin1');
  const percentProps = Array.from({ length: 101 }, (_, percent) =>
    Buffer.from(`"{""percent_off"":${percent}}"`),
  );
  let owner = -1;
  let cookie: Uint8Array = new Uint8Array(0);

  const bytes = (source: Uint8Array): void => {
    for (let i = 0; i < source.length; i++) out[at++] = source[i];
  };
  const digits = new Uint8Array(20);
  const integer = (value: number): void => {
    let rest = value;
    let count = 0;
    // Above 32 bits in two halves, so that the inner loop is integer arithmetic.
    if (rest >= 1e9) {
      const high = Math.floor(rest / 1e9);
      let low = rest - high * 1e9;
      for (; count < 9; count++) {
        const tenth = (low / 10) | 0;
        digits[count] = ZERO + low - tenth * 10;
        low = tenth;
      }
      rest = high;
    }
    do {
      const tenth = (rest / 10) | 0;
      digits[count++] = ZERO + rest - tenth * 10;
      rest = tenth;
    } while (rest > 0);
    while (count > 0) out[at++] = digits[--count];
  };
  const quoted = (text: string): void => {
    at += out.write(`"${text.replaceAll('"', '""')}"`, at, 'utf8');
  };
  const visit = (number: number): void => {
    bytes(cookie);
    out[at++] = MINUS;
    integer(number);
  };

  function row(batch: EventBatch, r: number): void {
    const type = batch.type[r];
    if (batch.owner[r] !== owner) {
      owner = batch.owner[r];
      cookie = Buffer.from(anonymousId(owner), 'latin1');
    }
    const inSession = !OUTSIDE_SESSION.has(type) && batch.visit[r] > 0;
    visit(batch.visit[r]);
    out[at++] = MINUS;
    integer(batch.line[r]);
    out[at++] = COMMA;
    bytes(types[type]);
    out[at++] = COMMA;
    integer(batch.timestamp[r]);
    out[at++] = COMMA;
    if (batch.user[r] >= 0) {
      out[at++] = 117; // u
      integer(batch.user[r] + 1);
    }
    out[at++] = COMMA;
    bytes(cookie);
    out[at++] = COMMA;
    if (inSession) visit(batch.visit[r]);
    out[at++] = COMMA;
    if (batch.item[r] >= 0) {
      out[at++] = 105; // i
      integer(batch.item[r] + 1);
    }
    out[at++] = COMMA;
    if (batch.quantity[r] > 0) integer(batch.quantity[r]);
    out[at++] = COMMA;
    if (batch.priceMinor[r] >= 0) integer(batch.priceMinor[r]);
    out[at++] = COMMA;
    if (batch.priceMinor[r] >= 0) bytes(money);
    out[at++] = COMMA;
    if (batch.ordered[r] > 0) {
      out[at++] = 111; // o
      visit(batch.visit[r]);
    }
    out[at++] = COMMA;
    const query = batch.query[r];
    if (query !== null) quoted(query);
    out[at++] = COMMA;
    if (batch.rating[r] > 0) integer(batch.rating[r]);
    out[at++] = COMMA;
    const text = batch.text[r];
    if (text !== null) quoted(text);
    out[at++] = COMMA;
    bytes(devices[batch.device[r]]);
    out[at++] = COMMA;
    bytes(channels[batch.channel[r]]);
    out[at++] = COMMA;
    bytes(countries[batch.country[r]]);
    out[at++] = COMMA;
    if (batch.position[r] > 0) integer(batch.position[r]);
    out[at++] = COMMA;
    if (batch.percentOff[r] > 0) bytes(percentProps[batch.percentOff[r]]);
    out[at++] = NEWLINE;
  }

  return {
    *encode(batch) {
      at = 0;
      for (let r = 0; r < batch.rows; r++) {
        if (at > pieceBytes - LONGEST_ROW) {
          yield out.subarray(0, at);
          at = 0;
        }
        row(batch, r);
      }
      if (at > 0) yield out.subarray(0, at);
    },
  };
}
