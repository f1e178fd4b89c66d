// An event as a record of the journal: the row as JSON, one line of NDJSON without its line end.
import type { EventRow } from '../event.ts';

export const encodeEvent = (event: EventRow): string => JSON.stringify(event);

/** @throws SyntaxError when the record is no JSON: whoever wrote it was not `encodeEvent` */
export const decodeEvent = (record: Uint8Array): EventRow => JSON.parse(recordText(record)) as EventRow;

export const recordText = (record: Uint8Array): string =>
  Buffer.from(record.buffer, record.byteOffset, record.length).toString('utf8');
