// A person's records leave the journal, and mentions of them the records of others; positions stay.

import type { EventJournal } from '../journal/event-journal.ts';
import { decodeEvent, encodeEvent } from '../journal/event-record.ts';
import { DAMAGED } from '../journal/recover.ts';
import { mentionsIn } from './event-mentions.ts';
import type { Needle } from './needles.ts';

const OWN: ReadonlySet<string> = new Set(['user_id', 'anonymous_id']);

/**
 * Rewrites the segments that hold the person, as the lake's parts are rewritten.
 *
 * @returns how many records were erased or lost a text
 */
export function eraseFromJournal(
  { journal }: EventJournal,
  needles: readonly Needle[],
  signal?: AbortSignal,
): Promise<number> {
  return journal.rewrite((record) => {
    const event = decodeEvent(record);
    const mentions = mentionsIn(event, needles);
    if (mentions.length === 0) return record;
    if (mentions.some(({ column }) => OWN.has(column))) return undefined;
    const blanked = Object.fromEntries(mentions.map(({ column }) => [column, null]));
    return Buffer.from(encodeEvent({ ...event, ...blanked }));
  }, signal);
}

/** Damaged stretches that were set aside: nobody can tell what stands in them, so an erasure takes them along. */
export const isSetAside = (file: string): boolean => file.startsWith('journal/') && file.endsWith(DAMAGED);
