// Who an anonymous visitor turned out to be: the links that events with both ids make, the latest one first.

/**
 * Links from anonymous visitors to users, bounded.
 *
 * The rule, for events and for whoever rebuilds it from them: an event with both ids links them from its place in the
 * journal on; the latest link of a visitor holds, as on a shared device the one who logged in last is there. An event with
 * only the anonymous id is the linked user's. At its first link the visitor's earlier events become the user's too.
 */
export interface Identities {
  /** The user a visitor is, if known. */
  userOf(anonymousId: string): string | undefined;
  /** Returns true when this is the visitor's first link: their earlier events are to be adopted. */
  link(anonymousId: string, userId: string): boolean;
  /** Takes back a link that did not become durable. */
  forget(anonymousId: string): void;
  /** Forgets a person by whatever id: as a visitor, and as the user that visitors turned out to be. */
  forgetPerson(id: string): void;
  readonly size: number;
}

/** @param limit links kept; past it the one made longest ago is forgotten */
export function createIdentities(limit = 500_000): Identities {
  const users = new Map<string, string>();
  return {
    userOf: (anonymousId) => users.get(anonymousId),
    link(anonymousId, userId) {
      const before = users.get(anonymousId);
      if (before === userId) return false;
      if (before !== undefined) users.delete(anonymousId);
      users.set(anonymousId, userId);
      if (users.size > limit) {
        for (const oldest of users.keys()) {
          users.delete(oldest);
          break;
        }
      }
      return before === undefined;
    },
    forget: (anonymousId) => void users.delete(anonymousId),
    forgetPerson(id) {
      users.delete(id);
      for (const [visitor, user] of users) if (user === id) users.delete(visitor);
    },
    get size() {
      return users.size;
    },
  };
}
