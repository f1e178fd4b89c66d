// The tracker in a browser: storage of the origin, fetch, and a beacon when the page goes away.
import {
  type Consent,
  createTracker,
  type EventFields,
  type Ground,
  type Tracker,
  type TrackerOptions,
} from './tracker.ts';

export type { Consent, EventFields, Tracker, TrackerOptions };

/** What is used of a browser's window, so that a test can be one. */
export interface BrowserWindow {
  readonly localStorage?: {
    getItem(key: string): string | null;
    setItem(key: string, value: string): void;
    removeItem(key: string): void;
  };
  readonly navigator: { readonly onLine?: boolean; sendBeacon?(url: string, body: unknown): boolean };
  readonly crypto?: { randomUUID?(): string };
  readonly document: {
    readonly title: string;
    readonly referrer: string;
    readonly visibilityState: string;
    addEventListener(type: string, listener: () => void): void;
  };
  readonly location: { readonly origin: string; readonly pathname: string };
  addEventListener(type: string, listener: () => void): void;
  fetch(
    url: string,
    init: unknown,
  ): Promise<{ status: number; headers: { get(name: string): string | null } }>;
  setTimeout(work: () => void, ms: number): unknown;
  clearTimeout(timer: never): void;
  readonly Blob: new (parts: string[], options: { type: string }) => unknown;
}

/**
 * JSON under the one name that browsers send to another origin without asking first: every address differs by its time of
 * sending, so each would be asked about anew, and a page that goes away has no time to ask.
 */
const BODY_TYPE = 'text/plain;charset=UTF-8';

/** Sends itself on `pagehide`, when the page is hidden, and when the connection is back. */
export function createBrowserTracker(
  options: TrackerOptions,
  page: BrowserWindow = globalThis as unknown as BrowserWindow,
): Tracker {
  const { navigator, document, location } = page;
  let storage: BrowserWindow['localStorage'];
  try {
    storage = page.localStorage;
  } catch {
    // Forbidden by the person's settings: memory must do.
  }
  const randomId = (): string =>
    page.crypto?.randomUUID?.() ??
    'xxxxxxxxxxxx4xxx8xxxxxxxxxxxxxxx'.replace(/x/g, () => Math.floor(Math.random() * 16).toString(16));
  const ground: Ground = {
    now: Date.now,
    chance: Math.random,
    newId: randomId,
    store: storage && {
      get: (key) => storage.getItem(key),
      set: (key, value) => storage.setItem(key, value),
      remove: (key) => storage.removeItem(key),
    },
    async post(url, body) {
      const reply = await page.fetch(url, {
        method: 'POST',
        body,
        headers: { 'content-type': BODY_TYPE },
        // The key is all the server needs; a cookie would only tell it more.
        credentials: 'omit',
      });
      return { status: reply.status, retryAfter: Number(reply.headers.get('retry-after')) || undefined };
    },
    beacon: navigator.sendBeacon
      ? (url, body) =>
          // Offline a beacon is accepted and lost: then the events stay stored for the next page.
          navigator.onLine !== false &&
          navigator.sendBeacon?.(url, new page.Blob([body], { type: BODY_TYPE })) === true
      : undefined,
    later(work, ms) {
      const timer = page.setTimeout(work, ms);
      return () => page.clearTimeout(timer as never);
    },
  };
  const tracker = createTracker(options, ground);
  page.addEventListener('pagehide', tracker.leave);
  // Phones end a page without a `pagehide`.
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') tracker.leave();
  });
  page.addEventListener('online', () => void tracker.flush());
  return {
    ...tracker,
    get waiting() {
      return tracker.waiting;
    },
    // The address without its query: what stands there may be anybody's name.
    page: (fields: EventFields = {}) =>
      tracker.page({
        ...fields,
        props: { url: location.origin + location.pathname, title: document.title, ...fields.props },
      }),
  };
}
