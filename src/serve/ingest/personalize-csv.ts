// Bulk interactions as Amazon Personalize takes them: CSV with USER_ID, ITEM_ID, TIMESTAMP, EVENT_TYPE, EVENT_VALUE.
import { createHash } from 'node:crypto';
import { EVENT_TYPES, type EventRow, type EventType } from '../../data/event.ts';
import { csvRows } from './csv-rows.ts';
import { FieldReader } from './field-reader.ts';
import type { IngestContext, Ingested, Rejection, RejectReason } from './outcome.ts';

/** As in the ready mapping `personalize`; our own words pass through. */
const EVENT_NAMES: ReadonlyMap<string, EventType> = new Map<string, EventType>([
  ...EVENT_TYPES.map((type) => [type, type] as const),
  ['viewed', 'view'],
  ['watch', 'view'],
  ['detailpageviewed', 'view'],
  ['clicked', 'click'],
  ['addtocart', 'add_to_cart'],
  ['add-to-cart', 'add_to_cart'],
  ['purchased', 'purchase'],
  ['buy', 'purchase'],
  ['productpurchased', 'purchase'],
  ['checkoutstarted', 'begin_checkout'],
]);

const COLUMNS = ['USER_ID', 'ITEM_ID', 'TIMESTAMP', 'EVENT_TYPE', 'EVENT_VALUE'] as const;
const NEEDED: readonly string[] = ['USER_ID', 'ITEM_ID', 'TIMESTAMP', 'EVENT_TYPE'];

const SECONDS = /^\d{1,12}(?:\.\d{1,6})?$/;

/**
 * Every line after the header; a pointer is `/line/COLUMN`, lines counted from 0 after the header. Stops once `most` lines
 * were read.
 */
export function readPersonalizeCsv(
  text: string,
  context: IngestContext,
  most: number,
): { readonly fault: Rejection } | { readonly events: readonly Ingested[]; readonly isCut: boolean } {
  let places: ReadonlyMap<string, number> | undefined;
  let width = 0;
  const events: Ingested[] = [];
  for (const row of csvRows(text)) {
    if (places === undefined) {
      if (row.fault) return { fault: { pointer: '', reason: row.fault } };
      const header = row.cells.map((name) => name.trim().toUpperCase());
      const missing = NEEDED.find((name) => !header.includes(name));
      if (missing !== undefined) return { fault: { pointer: `/${missing}`, reason: 'missing_field' } };
      width = header.length;
      places = new Map(COLUMNS.map((name) => [name, header.indexOf(name)]));
      continue;
    }
    if (events.length === most) return { events, isCut: true };
    const place = `/${events.length}`;
    if (row.fault) events.push(rejection(place, row.fault));
    else if (row.cells.length !== width) events.push(rejection(place, 'ragged_row'));
    else events.push(readLine(row.cells, places, place, context));
  }
  if (places === undefined) return { fault: { pointer: '', reason: 'missing_field' } };
  return { events, isCut: false };
}

const rejection = (pointer: string, reason: RejectReason): Ingested => ({ rejected: { pointer, reason } });

function readLine(
  cells: readonly string[],
  places: ReadonlyMap<string, number>,
  place: string,
  context: IngestContext,
): Ingested {
  const reader = new FieldReader(context);
  const cell = (name: (typeof COLUMNS)[number]): string => (cells[places.get(name) ?? -1] ?? '').trim();
  const word = cell('EVENT_TYPE');
  const type = Object.hasOwn(context.eventNames, word)
    ? context.eventNames[word]
    : EVENT_NAMES.get(word.toLowerCase());
  if (type === undefined) {
    return rejection(`${place}/EVENT_TYPE`, word === '' ? 'missing_type' : 'unknown_type');
  }
  const time = cell('TIMESTAMP');
  if (time === '') reader.refuse('missing_time', 'TIMESTAMP');
  else if (!SECONDS.test(time)) reader.refuse('bad_time', 'TIMESTAMP');
  const statedMs = Math.trunc(Number(time) * 1000);
  const weight = cell('EVENT_VALUE');
  const row: EventRow = {
    event_id: '',
    type,
    timestamp: reader.fault ? 0 : reader.time(statedMs, undefined, 'TIMESTAMP'),
    user_id: reader.id(cell('USER_ID'), 'USER_ID'),
    item_id: reader.id(cell('ITEM_ID'), 'ITEM_ID'),
    // As the import writes it, which puts a null where the cell is empty: the id is made of this text, too.
    props:
      places.get('EVENT_VALUE') === -1 ? '{}' : reader.props({ EVENT_VALUE: weight || null }, 'EVENT_VALUE'),
  };
  if (reader.fault) return rejection(place + reader.fault.pointer, reader.fault.reason);
  return { rows: [row], pointer: place, statedMs, idOf: importedId };
}

/** The id the import gives the same line of the same file, so that a file posted and imported counts once. */
function importedId({ type, timestamp, user_id, item_id, props }: EventRow): string {
  const cells = [type, String(timestamp), user_id ?? '', item_id ?? '', props ?? ''];
  return createHash('md5').update(cells.join('\u001f')).digest('hex');
}
