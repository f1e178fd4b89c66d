// One shop as it is served: its ports, its door, and how its events are read.
import { randomUUID } from 'node:crypto';
import type { EventRow } from '../data/event.ts';
import { type ConsentRule, createConsentBook } from './ingest/consent.ts';
import { createDoor, type Door } from './ingest/door.ts';
import { createIdentities } from './ingest/identity.ts';
import type { IngestContext } from './ingest/outcome.ts';
import type { ShopPorts } from './ports.ts';

/** One shop as the routes see it. */
export interface ServedShop {
  readonly ports: ShopPorts;
  readonly door: Door;
  /** How events are read; `receivedMs` is the request's to say. */
  readonly reading: Omit<IngestContext, 'receivedMs'>;
}

export interface ShopSettings {
  /** The lake's currency; empty while none is decided: then events with a price are refused. */
  readonly currency?: string;
  /** Other currencies that may come, and what one unit is worth in the lake's, as decimal text. */
  readonly exchange?: Readonly<Record<string, string>>;
  /** The shop's own names of events → ours. */
  readonly eventNames?: Readonly<Record<string, EventRow['type']>>;
  readonly consent?: ConsentRule;
  /** A person's id as the lake knows it, where the shop keeps pseudonyms. */
  readonly personId?: (id: string) => string;
  readonly newId?: () => string;
}

export function openShop(ports: ShopPorts, settings: ShopSettings = {}): ServedShop {
  return {
    ports,
    reading: {
      currency: settings.currency ?? '',
      exchange: settings.exchange ?? {},
      eventNames: settings.eventNames ?? {},
    },
    door: createDoor({
      shop: ports,
      identities: createIdentities(),
      consent: createConsentBook(settings.consent ?? 'assumed'),
      ...(settings.personId ? { personId: settings.personId } : {}),
      newId: settings.newId ?? randomUUID,
    }),
  };
}
