// The ids a shop would see; a visitor's anonymous id says nothing about whose it is.
import { mix32 } from '../../core/random.ts';

export const userId = (user: number): string => `u${user + 1}`;
export const itemId = (item: number): string => `i${item + 1}`;

/** The cookie of a customer's device: a bijection of 32 bits, so two customers never share one. */
export function anonymousId(owner: number): string {
  return `a${mix32(owner ^ 0x5bd1e995).toString(36)}`;
}

export const sessionId = (owner: number, visit: number): string => `${anonymousId(owner)}-${visit}`;
export const orderId = (owner: number, visit: number): string => `o${sessionId(owner, visit)}`;
export const eventId = (owner: number, visit: number, line: number): string =>
  `${sessionId(owner, visit)}-${line}`;
