// Ids for events whose sender gave none.
import { createHash } from 'node:crypto';
import type { EventRow } from '../../data/event.ts';

/**
 * An id from what the row says: the same event sent again has the same one. Only for rows with a time of their own;
 * call it before a visitor is stitched to a user, as that depends on the day.
 *
 * @param statedMs the time as it was sent, as a correction of clocks may come out differently the second time
 */
export function contentId(row: EventRow, statedMs: number): string {
  const content = JSON.stringify({ ...row, event_id: '', timestamp: statedMs });
  return createHash('sha256').update(content).digest('hex').slice(0, 32);
}
