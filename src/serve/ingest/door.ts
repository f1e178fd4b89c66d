// The door of one shop: every event of every format passes here, in order, on its way to the journal and the state.
import type { EventRow } from '../../data/event.ts';
import type { AppendFate, ShopPorts } from '../ports.ts';
import { type ConsentBook, propsWithConsent } from './consent.ts';
import { contentId } from './event-id.ts';
import type { Identities } from './identity.ts';
import type { Ingested, RejectReason, Understood } from './outcome.ts';

/** What became of one event of a request. */
export type EventFate =
  | { readonly status: 'accepted' | 'duplicate'; readonly event_id: string }
  | { readonly status: 'rejected'; readonly reason: RejectReason; readonly pointer: string }
  | { readonly status: 'ignored'; readonly reason: string };

export interface DoorParts {
  readonly shop: Pick<ShopPorts, 'name' | 'journal' | 'state' | 'rejected' | 'observer'>;
  readonly identities: Identities;
  readonly consent: ConsentBook;
  /** A person's id as the lake knows it; the identity where the shop keeps ids as they are. */
  readonly personId?: (id: string) => string;
  /** An id no other event has. */
  readonly newId: () => string;
}

export interface Door {
  /**
   * Admits the events of one request, all in one append. Resolves when those that count are on the disk and in the state.
   *
   * @param originals the events as they were sent, where there is one each: for the record of those refused
   * @throws what the journal's `append` throws; then nothing is acknowledged, and the same request may come again
   */
  admit(
    events: readonly Ingested[],
    source: string,
    originals?: readonly unknown[],
  ): Promise<readonly EventFate[]>;
  /** Takes a row of the journal back into identities and consent, at a restart. The state reads the journal itself. */
  replay(row: EventRow): void;
  /** Forgets who somebody is and what they agreed to. @param id as the lake knows it */
  forget(id: string): void;
}

export function createDoor(parts: DoorParts): Door {
  const { shop, identities, consent, personId, newId } = parts;
  const { journal, state } = shop;

  /** Ids as the lake keeps them, and an id of its own for each row. */
  const sealed = (event: Understood): readonly EventRow[] => {
    const { rows, statedMs, idOf } = event;
    const [first] = rows;
    if (personId === undefined && first.event_id !== '') return rows;
    return rows.map((row, index) => {
      const known: EventRow = personId
        ? {
            ...row,
            user_id: row.user_id ? personId(row.user_id) : null,
            anonymous_id: row.anonymous_id ? personId(row.anonymous_id) : null,
          }
        : row;
      if (known.event_id !== '') return known;
      const own = idOf?.(known) ?? (statedMs === undefined ? newId() : contentId(known, statedMs));
      return { ...known, event_id: index === 0 ? own : `${own}/${index}` };
    });
  };

  /** Stitches a row; tells the state later, when the row is durable. */
  const stitched = (row: EventRow, adoptions: [string, string][]): EventRow => {
    const { anonymous_id: anonymousId, user_id: userId } = row;
    if (!anonymousId) return row;
    if (userId) {
      if (identities.link(anonymousId, userId)) adoptions.push([anonymousId, userId]);
      return row;
    }
    const known = identities.userOf(anonymousId);
    return known === undefined ? row : { ...row, user_id: known };
  };

  const admitRow = (
    row: EventRow,
    event: Understood,
    adoptions: [string, string][],
  ): EventRow | undefined => {
    const verdict = consent.judge(row, event.consent);
    if (verdict === 'refused') return undefined;
    if (verdict === 'nameless') return { ...row, user_id: null, anonymous_id: null, session_id: null };
    // A refusal is kept as its proof, and recognises nobody.
    const isRefusal = event.consent?.analytics === false || event.consent?.personalization === false;
    const known = isRefusal ? row : stitched(row, adoptions);
    return known.type === 'identify' && event.consent
      ? { ...known, props: propsWithConsent(known.props, event.consent) }
      : known;
  };

  const count = (fates: readonly EventFate[], source: string): readonly EventFate[] => {
    if (shop.observer)
      countFates(fates, (fate, many) => shop.observer?.ingested(shop.name, source, fate, many));
    return fates;
  };

  return {
    async admit(events, source, originals) {
      const fates = new Array<EventFate>(events.length);
      const rows: EventRow[] = [];
      /** Of each event that is written: its place among the events, and how many rows it has. */
      const written: { readonly place: number; readonly count: number }[] = [];
      const adoptions: [string, string][] = [];
      for (let place = 0; place < events.length; place++) {
        const event = events[place];
        if ('rejected' in event) {
          const { pointer, reason } = event.rejected;
          shop.rejected?.keep({ source, place: pointer, reason, original: originals?.[place] });
          fates[place] = { status: 'rejected', reason, pointer };
        } else if ('ignored' in event) fates[place] = { status: 'ignored', reason: event.ignored };
        else {
          const before = rows.length;
          for (const row of sealed(event)) {
            const admitted = admitRow(row, event, adoptions);
            if (admitted) rows.push(admitted);
          }
          const count = rows.length - before;
          if (count > 0) written.push({ place, count });
          else fates[place] = { status: 'rejected', reason: 'no_consent', pointer: event.pointer };
        }
      }
      if (rows.length === 0) return count(fates, source);
      let appended: readonly AppendFate[];
      try {
        appended = await journal.append(rows);
      } catch (error) {
        // Not durable, so not true: the next try makes these links for the first time again.
        for (const [anonymousId] of adoptions) identities.forget(anonymousId);
        throw error;
      }
      state.apply(rowsAccepted(rows, appended));
      for (const [anonymousId, userId] of adoptions) state.adopt(anonymousId, userId);
      let next = 0;
      for (const { place, count } of written) {
        let isNew = false;
        for (let i = next; i < next + count; i++) if (appended[i] === 'accepted') isNew = true;
        fates[place] = { status: isNew ? 'accepted' : 'duplicate', event_id: rows[next].event_id };
        next += count;
      }
      return count(fates, source);
    },
    forget(id) {
      identities.forgetPerson(id);
      consent.forget(id);
    },
    replay(row) {
      if (row.anonymous_id && row.user_id) identities.link(row.anonymous_id, row.user_id);
      consent.remember(row);
    },
  };
}

/** Most requests are of one fate: those are counted without a table. */
function countFates(fates: readonly EventFate[], tell: (fate: string, count: number) => void): void {
  let accepted = 0;
  let duplicates = 0;
  let others: Map<string, number> | undefined;
  for (const fate of fates) {
    if (fate.status === 'accepted') accepted++;
    else if (fate.status === 'duplicate') duplicates++;
    else {
      others ??= new Map();
      const word = fate.status === 'rejected' ? fate.reason : 'ignored';
      others.set(word, (others.get(word) ?? 0) + 1);
    }
  }
  if (accepted > 0) tell('accepted', accepted);
  if (duplicates > 0) tell('duplicate', duplicates);
  for (const [word, count] of others ?? []) tell(word, count);
}

function rowsAccepted(rows: readonly EventRow[], fates: readonly AppendFate[]): readonly EventRow[] {
  return fates.includes('duplicate') ? rows.filter((_, i) => fates[i] === 'accepted') : rows;
}
