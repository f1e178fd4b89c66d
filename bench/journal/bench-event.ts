// One event of ordinary length, some 300 bytes as JSON.
import type { EventRow } from '../../src/data/event.ts';

export const benchEvent = (id: string, n: number): EventRow => ({
  event_id: id,
  type: 'view',
  timestamp: 1_700_000_000_000 + n,
  user_id: `user-${n % 5000}`,
  anonymous_id: `visitor-${n % 9000}`,
  session_id: `session-${n % 20_000}`,
  item_id: `item-${n % 3000}`,
  price_minor: 100 + (n % 900),
  currency: 'EUR',
  device: 'mobile',
  channel: 'organic',
  country: 'DE',
  position: n % 30,
});
