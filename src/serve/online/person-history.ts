// Whose events an entity of a question is about: those kept of the person it names, or those that came with the question.
import type { EventRow } from '../../data/event.ts';
import { rowEvents } from '../../data/features/user-events.ts';
import type { PredictionEntity } from '../api.ts';
import type { KnownPerson, Person } from '../state/online-state.ts';

export interface HistoryParts {
  /** Undefined of people nothing is known of. */
  readonly find: (person: Person) => KnownPerson | undefined;
  /** Ids as the state knows them, where the shop keeps pseudonyms. */
  readonly personId?: (id: string) => string;
}

/** Undefined of somebody nothing is known of. */
export type FindEntity = (entity: PredictionEntity) => KnownPerson | undefined;

/**
 * Finds the person an entity names, by the first of user, visitor and session id that it has. Where the shop keeps
 * pseudonyms both the shop's own id and the pseudonym, which files of predictions have, name somebody.
 */
export function openFindEntity({ find, personId }: HistoryParts): FindEntity {
  const known = (id: string, person: (id: string) => Person): KnownPerson | undefined =>
    personId ? (find(person(personId(id))) ?? find(person(id))) : find(person(id));
  return ({ user_id, anonymous_id, session_id }) => {
    if (user_id !== undefined) return known(user_id, (id) => ({ user_id: id }));
    if (anonymous_id !== undefined) return known(anonymous_id, (id) => ({ anonymous_id: id }));
    return find({ session_id });
  };
}

export type HistoryOf = (entity: PredictionEntity, given?: readonly EventRow[]) => KnownPerson;

const NOTHING: KnownPerson = { events: rowEvents([]) };

/** Events given with a question are the only ones looked at; somebody nothing is known of has none. */
export function openPersonHistories(parts: HistoryParts): HistoryOf {
  const named = openFindEntity(parts);
  /** A visit named by its session alone is asked about with all that is known of whoever is on it. */
  const find: FindEntity = (entity) =>
    entity.user_id === undefined && entity.anonymous_id === undefined
      ? parts.find({ visit_id: entity.session_id })
      : named(entity);
  return (entity, given) =>
    given ? { events: rowEvents(ownRows(given, entity)) } : (find(entity) ?? NOTHING);
}

/** Of a visit named by its session alone: all of whoever is on it, as far as the events say. */
function ownRows(rows: readonly EventRow[], entity: PredictionEntity): readonly EventRow[] {
  const { user_id, anonymous_id, session_id } = entity;
  if (user_id !== undefined) return rows.filter((row) => row.user_id === user_id);
  if (anonymous_id !== undefined) return rows.filter((row) => row.anonymous_id === anonymous_id);
  if (session_id === undefined) return [];
  const own = rows.filter((row) => row.session_id === session_id);
  const people = new Set(own.map(visitorOf));
  return rows.filter((row) => people.has(visitorOf(row)));
}

const visitorOf = ({ user_id, anonymous_id, session_id }: EventRow): string =>
  user_id ? `user ${user_id}` : anonymous_id ? `visitor ${anonymous_id}` : `visit ${session_id ?? ''}`;
