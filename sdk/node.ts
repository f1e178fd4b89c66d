// The tracker in Node: for a shop's own server, which knows who its customers are.
import { randomUUID } from 'node:crypto';
import {
  type Consent,
  createTracker,
  type EventFields,
  type Ground,
  type Tracker,
  type TrackerOptions,
} from './tracker.ts';

export type { Consent, EventFields, Ground, Tracker, TrackerOptions };

export interface NodeTracker extends Tracker {
  /** Sends what waits before the process ends; what cannot be sent within the time stays unsent. */
  close(withinMs?: number): Promise<void>;
}

/**
 * A process that runs out of work sends what waits before it ends; one that is told to end (`process.exit`, a signal) calls
 * `close` first.
 *
 * @param ground parts of its own, such as a store on a disk
 */
export function createNodeTracker(options: TrackerOptions, ground: Partial<Ground> = {}): NodeTracker {
  const tracker = createTracker(options, {
    now: Date.now,
    chance: Math.random,
    newId: randomUUID,
    async post(url, body) {
      const reply = await fetch(url, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
        signal: AbortSignal.timeout(30_000),
      });
      await reply.body?.cancel();
      return { status: reply.status, retryAfter: Number(reply.headers.get('retry-after')) || undefined };
    },
    later(work, ms) {
      const timer = setTimeout(work, ms);
      // A process that is done does not wait for its tracker: `close` does.
      timer.unref();
      return () => clearTimeout(timer);
    },
    ...ground,
  });
  // Once: where the server does not answer, the process ends all the same.
  const atExit = (): void => void tracker.flush();
  process.once('beforeExit', atExit);
  return {
    ...tracker,
    get waiting() {
      return tracker.waiting;
    },
    async close(withinMs = 5000) {
      process.off('beforeExit', atExit);
      let timer: NodeJS.Timeout | undefined;
      const end = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, withinMs);
      });
      await Promise.race([tracker.flush(), end]);
      clearTimeout(timer);
    },
  };
}
