// The tracker: events gathered, kept through a lost connection, sent in batches until the shop's server has them.
import type { EventRow, EventType } from '../src/data/event.ts';

/** What the person allows; what is not said is not decided yet. */
export interface Consent {
  /** Events may be counted at all. */
  readonly analytics?: boolean;
  /** The person may be recognised from one visit to the next. */
  readonly personalization?: boolean;
}

/** Fields of an event besides those the tracker knows itself. `price` is in major units, as a shopper reads it. */
export type EventFields = Partial<
  Omit<EventRow, 'event_id' | 'type' | 'user_id' | 'anonymous_id' | 'session_id' | 'props' | 'timestamp'>
> & {
  readonly price?: number;
  readonly props?: Readonly<Record<string, unknown>>;
  /** UTC ms; now when absent. */
  readonly timestamp?: number;
};

/** Keeps texts between visits: a browser's storage, a file, or nothing. */
export interface Store {
  get(key: string): string | null;
  set(key: string, value: string): void;
  remove(key: string): void;
}

export interface Reply {
  readonly status: number;
  /** Seconds, when the server says when to come again. */
  readonly retryAfter?: number;
}

/** What the tracker stands on, handed in; `browser.ts` and `node.ts` know how to make it. */
export interface Ground {
  /** @throws when the network fails */
  post(url: string, body: string): Promise<Reply>;
  /** Hands the body over without waiting for an answer, for the last moment of a page; false when it was refused. */
  beacon?(url: string, body: string): boolean;
  readonly store?: Store;
  readonly now: () => number;
  /** Uniform in [0, 1). */
  readonly chance: () => number;
  readonly newId: () => string;
  /** @returns what takes it back */
  later(work: () => void, ms: number): () => void;
}

export interface TrackerOptions {
  /** Where the shop's Foresell answers, such as `https://events.shop.example`. */
  readonly url: string;
  /** A key that may only write events. */
  readonly key: string;
  /** Nothing leaves until both are decided where this is `ask`; `given` when absent: the shop has asked already. */
  readonly consent?: 'ask' | 'given';
  /** Events that send themselves; 20. */
  readonly batch?: number;
  /** Longest wait of an event, ms; 5,000. */
  readonly waitMs?: number;
  /** Events kept while nothing can be sent; the oldest are given up; 1,000. */
  readonly most?: number;
}

export interface Tracker {
  /** Something a person did: `track('add_to_cart', { item_id: 'mug', price: 9.99, currency: 'EUR' })`. */
  track(type: EventType, fields?: EventFields): void;
  /**
   * A page was seen: a `view` of the item it shows. A page without one goes on with the visit and sends nothing, as
   * Segment's and GA4's pages without an item count for nothing either.
   */
  page(fields?: EventFields): void;
  /** From now on, and for what this visitor did before, the person is this customer. */
  identify(userId: string, traits?: Readonly<Record<string, unknown>>): void;
  /** The person logged out: a new visitor begins. */
  reset(): void;
  /** What the person allows. Refusing analytics forgets what waits, and everything kept. */
  consent(given: Consent): void;
  /** Sends what waits; resolves when it is sent, or cannot be for now. */
  flush(): Promise<void>;
  /** Hands what waits to the beacon: call it when the page goes away. */
  leave(): void;
  /** Events that wait. */
  readonly waiting: number;
}

type Waiting = Record<string, unknown>;

interface Visitor {
  a: string;
  u?: string;
  s: string;
  /** Last seen, UTC ms. */
  t: number;
}

const SESSION_MS = 1_800_000;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 300_000;
/** Browsers take 64 KiB at the last moment of a page, all bodies together. */
const BEACON_BYTES = 60_000;
const SEND_MOST = 500;

/** Each event has an id of its own, so that sending it twice counts once. */
export function createTracker(options: TrackerOptions, ground: Ground): Tracker {
  const { url, key, batch = 20, waitMs = 5000, most = 1000 } = options;
  const { store, now } = ground;
  const address = `${url.replace(/\/$/, '')}/v1/events?key=${encodeURIComponent(key)}&sent_at=`;
  let allowed: Consent = options.consent === 'ask' ? {} : { analytics: true, personalization: true };
  const load = <T>(name: string, otherwise: T): T => {
    try {
      return (JSON.parse(store?.get(`foresell.${name}`) ?? 'null') as T | null) ?? otherwise;
    } catch {
      return otherwise;
    }
  };
  const save = (name: string, value: unknown): void => {
    try {
      store?.set(`foresell.${name}`, JSON.stringify(value));
    } catch {
      // A full or forbidden storage: memory must do.
    }
  };
  // What the person has said on an earlier page holds, whatever the shop assumes.
  allowed = load('consent', allowed);
  const decided = (): boolean => allowed.analytics !== undefined && allowed.personalization !== undefined;
  const kept = (): boolean => allowed.analytics === true && allowed.personalization === true;
  const newVisitor = (): Visitor => ({ a: ground.newId(), s: ground.newId(), t: now() });
  let visitor = kept() ? load('visitor', newVisitor()) : newVisitor();
  let queue: Waiting[] = kept() ? load<Waiting[]>('queue', []) : [];
  let sending: Promise<void> | undefined;
  let cancel: (() => void) | undefined;
  let failures = 0;
  let resting = false;

  const keep = (): void => {
    if (!kept()) return;
    save('queue', queue);
    save('visitor', visitor);
  };
  /** As the person allows: without ids where they may not be recognised. */
  const plain = (event: Waiting): Waiting => {
    if (allowed.personalization !== false) return event;
    const { user_id, anonymous_id, session_id, ...rest } = event;
    return { ...rest, consent: { analytics: true, personalization: false } };
  };
  const beSeen = (): number => {
    const time = now();
    if (time - visitor.t > SESSION_MS) visitor.s = ground.newId();
    visitor.t = time;
    return time;
  };
  const add = (type: EventType, fields: EventFields & { consent?: Consent }): void => {
    if (allowed.analytics === false) return;
    const time = beSeen();
    queue.push({
      event_id: ground.newId(),
      type,
      timestamp: time,
      user_id: visitor.u,
      anonymous_id: visitor.a,
      session_id: visitor.s,
      ...fields,
    });
    if (queue.length > most) queue.splice(0, queue.length - most);
    keep();
    if (queue.length >= batch) void flush();
    else wake(waitMs);
  };
  const wake = (ms: number): void => {
    if (cancel || !decided()) return;
    cancel = ground.later(() => {
      cancel = undefined;
      resting = false;
      void flush();
    }, ms);
  };
  /** Full jitter: a thousand browsers that lost the same server must not come back at the same moment. */
  const rest = (retryAfter: number | undefined): void => {
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures++);
    cancel?.();
    cancel = undefined;
    resting = true;
    wake((retryAfter ?? 0) * 1000 + ground.chance() * longest);
  };
  const send = async (): Promise<void> => {
    while (queue.length > 0 && !resting) {
      const sent = queue.slice(0, SEND_MOST);
      let reply: Reply;
      try {
        reply = await ground.post(address + now(), JSON.stringify(sent.map(plain)));
      } catch {
        reply = { status: 0 };
      }
      const { status } = reply;
      // What the server will never take is given up; what it cannot take now is kept.
      if (status === 0 || status === 401 || status === 408 || status === 429 || status >= 500)
        rest(reply.retryAfter);
      else {
        failures = 0;
        // By id: what waits may have been cut, or forgotten, meanwhile.
        const done = new Set(sent);
        queue = queue.filter((event) => !done.has(event));
        keep();
      }
    }
  };
  const flush = async (): Promise<void> => {
    if (!decided() || resting) return;
    cancel?.();
    cancel = undefined;
    sending ??= send().finally(() => {
      sending = undefined;
    });
    await sending;
  };
  if (queue.length > 0) wake(0);

  return {
    track: (type, fields = {}) => add(type, fields),
    page(fields = {}) {
      if (fields.item_id) return add('view', fields);
      beSeen();
      keep();
    },
    identify(userId, traits) {
      visitor.u = userId;
      add('identify', { ...(traits && { props: traits }), consent: decided() ? allowed : undefined });
    },
    reset() {
      visitor = newVisitor();
      keep();
    },
    consent(given) {
      allowed = { ...allowed, ...given };
      if (allowed.analytics === false) queue = [];
      if (allowed.analytics === false || allowed.personalization === false) {
        for (const name of ['queue', 'visitor']) store?.remove(`foresell.${name}`);
      }
      save('consent', allowed);
      keep();
      if (queue.length > 0) wake(0);
    },
    flush,
    leave() {
      if (!ground.beacon || !decided()) return;
      // What is being sent may not arrive any more: it goes again, and counts once.
      while (queue.length > 0) {
        let size = 0;
        let count = 0;
        const bodies: string[] = [];
        for (const event of queue) {
          const body = JSON.stringify(plain(event));
          // Of UTF-16 units to bytes: three at most.
          size += body.length * 3 + 1;
          if (count > 0 && size > BEACON_BYTES) break;
          bodies.push(body);
          count++;
        }
        if (!ground.beacon(address + now(), `[${bodies.join(',')}]`)) break;
        queue = queue.slice(count);
      }
      keep();
    },
    get waiting() {
      return queue.length;
    },
  };
}
