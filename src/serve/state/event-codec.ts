// An event as a few bytes: which columns it has, then each as short as it goes. About 12 bytes a view, 30 an order line.
//
// byte   kind (4 bits), has item, has price, has context, has more
// more   has quantity, rating, position, order, session, query, props
// then   ms since the event before, and each column that is there. An item or a context (device, channel, country) is a code
//        from 1, or 0 and the text itself once the dictionary is full; another text is 0 where it is the one met before.
import type { EventRow } from '../../data/event.ts';
import {
  NUMBER_COLUMNS,
  type NumberColumn,
  type TextColumn,
  typeCode,
  type UserEvents,
} from '../../data/features/user-events.ts';
import {
  type ByteReader,
  type ByteWriter,
  readNumber,
  readText,
  readWhole,
  writeByte,
  writeNumber,
  writeText,
  writeWhole,
} from './byte-stream.ts';
import type { Context, Contexts } from './contexts.ts';
import type { Dictionary } from './dictionary.ts';
import type { KeptColumn } from './kept-columns.ts';

/** Texts that hardly repeat between users, in the order in which they are written. */
export const OWN_TEXTS = ['order_id', 'session_id', 'query', 'props'] as const;
type OwnText = (typeof OWN_TEXTS)[number];

/** Texts that are written together: few devices, channels and countries go together. */
const CONTEXT: readonly TextColumn[] = ['device', 'channel', 'country'];

const ITEM = 16;
const PRICE = 32;
const HAS_CONTEXT = 64;
const MORE = 128;
const MORE_NUMBERS = ['quantity', 'rating', 'position'] as const;
const FIRST_TEXT = 8;

/** One event in the hand, to be written; filled again and again. */
export interface EventCells {
  time: number;
  type: number;
  item: string | null;
  device: string | null;
  channel: string | null;
  country: string | null;
  /** NaN where missing. */
  readonly numbers: Record<NumberColumn, number>;
  readonly texts: Record<OwnText, string | null>;
}

export const emptyCells = (): EventCells => ({
  time: 0,
  type: 0,
  item: null,
  device: null,
  channel: null,
  country: null,
  numbers: { quantity: Number.NaN, price_minor: Number.NaN, rating: Number.NaN, position: Number.NaN },
  texts: { order_id: null, session_id: null, query: null, props: null },
});

/** The last of each text that was met, [OWN_TEXTS]; what the next event is written against. */
export type LastTexts = (string | null)[];

export interface Dictionaries {
  readonly items: Dictionary;
  readonly contexts: Contexts;
}

/** Which columns are kept, by name. */
export type KeptFlags = Readonly<Record<KeptColumn, boolean>>;

/** Takes from a row what is kept of it. */
export function fillFromRow(cells: EventCells, row: EventRow, kept: KeptFlags): void {
  const { numbers, texts } = cells;
  cells.time = row.timestamp;
  cells.type = typeCode(row.type);
  cells.item = kept.item_id ? (row.item_id ?? null) : null;
  cells.device = kept.device ? (row.device ?? null) : null;
  cells.channel = kept.channel ? (row.channel ?? null) : null;
  cells.country = kept.country ? (row.country ?? null) : null;
  numbers.quantity = kept.quantity ? (row.quantity ?? Number.NaN) : Number.NaN;
  numbers.price_minor = kept.price_minor ? (row.price_minor ?? Number.NaN) : Number.NaN;
  numbers.rating = kept.rating ? (row.rating ?? Number.NaN) : Number.NaN;
  numbers.position = kept.position ? (row.position ?? Number.NaN) : Number.NaN;
  texts.order_id = kept.order_id ? (row.order_id ?? null) : null;
  texts.session_id = kept.session_id ? (row.session_id ?? null) : null;
  texts.query = kept.query ? (row.query ?? null) : null;
  texts.props = kept.props ? (row.props ?? null) : null;
}

/** Takes the event at a place, with everything that is kept of it. */
export function fillFromEvents(cells: EventCells, events: DecodedEvents, at: number): void {
  cells.time = events.times[at];
  cells.type = events.types[at];
  cells.item = events.texts('item_id')[at];
  const context = events.contexts[at];
  cells.device = context?.[0] ?? null;
  cells.channel = context?.[1] ?? null;
  cells.country = context?.[2] ?? null;
  for (const column of NUMBER_COLUMNS) cells.numbers[column] = events.numbers(column)[at];
  for (const column of OWN_TEXTS) cells.texts[column] = events.texts(column)[at];
}

/** @param last is changed to the texts of this event */
export function writeEvent(
  writer: ByteWriter,
  cells: EventCells,
  against: {
    readonly before: number | undefined;
    readonly last: LastTexts;
    readonly dictionaries: Dictionaries;
  },
): void {
  const { numbers, texts, device, channel, country } = cells;
  const { before, last, dictionaries } = against;
  let more = 0;
  for (let bit = 0; bit < MORE_NUMBERS.length; bit++)
    if (!Number.isNaN(numbers[MORE_NUMBERS[bit]])) more |= 1 << bit;
  for (let place = 0; place < OWN_TEXTS.length; place++)
    if (texts[OWN_TEXTS[place]] !== null) more |= FIRST_TEXT << place;
  const hasPrice = !Number.isNaN(numbers.price_minor);
  const hasContext = device !== null || channel !== null || country !== null;
  writeByte(
    writer,
    cells.type |
      (cells.item === null ? 0 : ITEM) |
      (hasPrice ? PRICE : 0) |
      (hasContext ? HAS_CONTEXT : 0) |
      (more === 0 ? 0 : MORE),
  );
  if (more !== 0) writeByte(writer, more);
  writeNumber(writer, before === undefined ? cells.time : cells.time - before);
  if (cells.item !== null) {
    const code = dictionaries.items.add(cells.item);
    writeWhole(writer, code + 1);
    if (code < 0) writeText(writer, cells.item);
  }
  if (hasPrice) writeNumber(writer, numbers.price_minor);
  if (hasContext) {
    const code = dictionaries.contexts.code(device, channel, country);
    writeWhole(writer, code + 1);
    if (code < 0) writeText(writer, JSON.stringify([device, channel, country]));
  }
  if (more === 0) return;
  for (const column of MORE_NUMBERS) if (!Number.isNaN(numbers[column])) writeNumber(writer, numbers[column]);
  for (let place = 0; place < OWN_TEXTS.length; place++) {
    const text = texts[OWN_TEXTS[place]];
    if (text === null) continue;
    if (text === last[place]) writeWhole(writer, 0);
    else writeText(writer, text, 1);
    last[place] = text;
  }
}

/** A user's events read from their bytes. */
export interface DecodedEvents extends UserEvents {
  /** Null where device, channel and country are all missing, [events]. */
  readonly contexts: readonly (Context | null)[];
}

/** @param count events that the bytes hold */
export function readEvents(reader: ByteReader, count: number, dictionaries: Dictionaries): DecodedEvents {
  const times = new Float64Array(count);
  const types = new Uint8Array(count);
  const items: (string | null)[] = new Array(count).fill(null);
  const contexts: (Context | null)[] = new Array(count).fill(null);
  const numbers: Partial<Record<NumberColumn, Float64Array>> = {};
  const texts: Partial<Record<TextColumn, (string | null)[]>> = { item_id: items };
  const numbersOf = (column: NumberColumn): Float64Array => {
    numbers[column] ??= new Float64Array(count).fill(Number.NaN);
    return numbers[column];
  };
  const last: LastTexts = OWN_TEXTS.map(() => null);
  const { bytes } = reader;
  let time = 0;
  for (let at = 0; at < count; at++) {
    const has = bytes[reader.at++];
    const more = (has & MORE) === 0 ? 0 : bytes[reader.at++];
    time += readNumber(reader);
    times[at] = time;
    types[at] = has & 15;
    if ((has & ITEM) !== 0) items[at] = readItem(reader, dictionaries.items);
    if ((has & PRICE) !== 0) numbersOf('price_minor')[at] = readNumber(reader);
    if ((has & HAS_CONTEXT) !== 0) contexts[at] = readContext(reader, dictionaries.contexts);
    if (more === 0) continue;
    for (let bit = 0; bit < MORE_NUMBERS.length; bit++)
      if ((more & (1 << bit)) !== 0) numbersOf(MORE_NUMBERS[bit])[at] = readNumber(reader);
    for (let place = 0; place < OWN_TEXTS.length; place++) {
      if ((more & (FIRST_TEXT << place)) === 0) continue;
      const length = readWhole(reader);
      if (length > 0) last[place] = readText(reader, length - 1);
      const column = OWN_TEXTS[place];
      texts[column] ??= new Array(count).fill(null);
      texts[column][at] = last[place];
    }
  }
  return {
    length: count,
    times,
    types,
    contexts,
    numbers: numbersOf,
    texts(column) {
      const place = CONTEXT.indexOf(column);
      texts[column] ??=
        place < 0 ? new Array(count).fill(null) : contexts.map((context) => context?.[place] ?? null);
      return texts[column];
    },
  };
}

function readItem(reader: ByteReader, items: Dictionary): string {
  const code = readWhole(reader) - 1;
  return code < 0 ? readText(reader, readWhole(reader)) : items.text(code);
}

function readContext(reader: ByteReader, contexts: Contexts): Context {
  const code = readWhole(reader) - 1;
  return code < 0 ? (JSON.parse(readText(reader, readWhole(reader))) as Context) : contexts.context(code);
}
