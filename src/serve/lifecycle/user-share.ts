// Who is on which side of a trial: by a hash of the id, so that the same person always is.
import { hash32 } from '../../core/random.ts';
import type { PredictionEntity } from '../api.ts';

/** Whom or what a question is about; texts are told apart by themselves. */
export type Subject = PredictionEntity | { readonly text: string };

/** What a person, a visit or an item is told apart by: of customers with an item the customer, who sees one side alone. */
export function subjectOf(subject: Subject): string {
  if ('text' in subject) return subject.text;
  const { user_id, anonymous_id, session_id, item_id } = subject;
  return user_id ?? anonymous_id ?? session_id ?? item_id ?? '';
}

/** The place of an id in a trial, 32 bits, even over ids; another salt draws anew. */
export const placeOf = (subject: string, salt: number): number => hash32(subject, salt);

/** A salt as `placeOf` takes it. */
export const saltOf = (text: string): number => hash32(text);

/**
 * Tells the same person apart on both sides of a comparison: no salt next to the first, as ids that differ in one digit would
 * change places with each other.
 */
export const otherSalt = (salt: number): number => hash32('the other side', salt);

/** A test of entities: true for `share` of all ids, each as often as it is asked about. About 50 ns. */
export function shareOfUsers(salt: string, share: number): (subject: Subject) => boolean {
  const seed = saltOf(salt);
  const end = share * 2 ** 32;
  return (subject) => placeOf(subjectOf(subject), seed) < end;
}
