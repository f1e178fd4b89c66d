// The tracker on a clock and a network of our own: nothing is lost, nothing counts twice, nothing leaves without consent.

import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { random } from '../src/core/random.ts';
import { type BrowserWindow, createBrowserTracker } from './browser.ts';
import { createTracker, type Reply, type Store, type TrackerOptions } from './tracker.ts';

const OPTIONS: TrackerOptions = { url: 'https://shop.example/', key: 'fsb_k' };

function memoryStore(): Store & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    get: (key) => kept.get(key) ?? null,
    set: (key, value) => void kept.set(key, value),
    remove: (key) => void kept.delete(key),
  };
}

type Sent = Record<string, unknown>;

/** A network that answers as told, and a clock that runs when told. */
function world(answer: (nth: number) => Reply | 'offline' = () => ({ status: 200 }), seed = 1) {
  const chance = random(seed);
  const posts: { readonly url: string; readonly events: Sent[]; readonly atMs: number }[] = [];
  const beacons: string[] = [];
  let now = Date.UTC(2026, 0, 5);
  let ids = 0;
  let timers: { readonly atMs: number; readonly work: () => void }[] = [];
  const settle = async () => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  return {
    posts,
    beacons,
    timers: () => timers,
    ground: {
      now: () => now,
      chance: () => chance.uniform(),
      newId: () => `id-${seed}-${ids++}`,
      async post(url: string, body: string) {
        posts.push({ url, events: JSON.parse(body), atMs: now });
        const reply = answer(posts.length);
        if (reply === 'offline') throw new Error('offline');
        return reply;
      },
      beacon: (_url: string, body: string) => body.length < 64_000 && beacons.push(body) > 0,
      later(work: () => void, ms: number) {
        const timer = { atMs: now + ms, work };
        timers.push(timer);
        return () => {
          timers = timers.filter((other) => other !== timer);
        };
      },
    },
    settle,
    async pass(ms: number) {
      const end = now + ms;
      for (;;) {
        await settle();
        const next = timers.filter(({ atMs }) => atMs <= end).sort((a, b) => a.atMs - b.atMs)[0];
        if (!next) break;
        timers = timers.filter((timer) => timer !== next);
        now = Math.max(now, next.atMs);
        next.work();
      }
      now = end;
      await settle();
    },
  };
}

describe('sending', () => {
  it('waits a moment, then sends one batch with ids, visit and the time of sending', async () => {
    const { ground, posts, pass } = world();
    const tracker = createTracker(OPTIONS, ground);
    tracker.track('view', { item_id: 'mug' });
    tracker.page({ item_id: 'cup' });
    tracker.page();
    await pass(4999);
    expect(posts).toHaveLength(0);
    await pass(2);
    expect(posts[0].url).toBe(`https://shop.example/v1/events?key=fsb_k&sent_at=${posts[0].atMs}`);
    expect(posts[0].events.map(({ type, item_id }) => [type, item_id])).toEqual([
      ['view', 'mug'],
      ['view', 'cup'],
    ]);
    const [first, second] = posts[0].events;
    expect(first.event_id).not.toBe(second.event_id);
    expect([first.anonymous_id, first.session_id]).toEqual([second.anonymous_id, second.session_id]);
    expect(tracker.waiting).toBe(0);
  });

  it('sends a full batch at once', async () => {
    const { ground, posts, settle } = world();
    const tracker = createTracker({ ...OPTIONS, batch: 3 }, ground);
    for (let i = 0; i < 3; i++) tracker.track('view');
    await settle();
    expect(posts[0].events).toHaveLength(3);
  });

  it('names the customer from identify on, begins a visit after half an hour, and a visitor after reset', async () => {
    const { ground, posts, pass } = world();
    const tracker = createTracker(OPTIONS, ground);
    tracker.track('view');
    tracker.identify('ann', { plan: 'gold' });
    tracker.track('view');
    await pass(31 * 60_000);
    tracker.track('view');
    tracker.reset();
    tracker.track('view');
    await pass(10_000);
    const events = posts.flatMap((post) => post.events);
    expect(events.map(({ user_id }) => user_id)).toEqual([undefined, 'ann', 'ann', 'ann', undefined]);
    expect(events[1]).toMatchObject({ type: 'identify', props: { plan: 'gold' } });
    expect(new Set(events.slice(0, 4).map(({ anonymous_id }) => anonymous_id)).size).toBe(1);
    expect(events[2].session_id).not.toBe(events[3].session_id);
    expect(events[4].anonymous_id).not.toBe(events[3].anonymous_id);
  });
});

describe('when the server does not answer', () => {
  it('comes again ever more slowly, each at its own moment, with the same ids', async () => {
    const { ground, posts, pass } = world(() => ({ status: 503 }));
    const tracker = createTracker(OPTIONS, ground);
    tracker.track('view');
    await pass(3_600_000);
    const gaps = posts.slice(1).map(({ atMs }, i) => atMs - posts[i].atMs);
    expect(gaps.length).toBeGreaterThan(12);
    // full jitter: the n-th wait is uniform up to 2^n seconds, at most five minutes
    for (const [n, gap] of gaps.entries())
      expect(gap).toBeLessThanOrEqual(Math.min(300_000, 1000 * 2 ** n) + 1);
    expect(Math.max(...gaps)).toBeGreaterThan(100_000);
    expect(new Set(gaps).size).toBe(gaps.length);
    expect(new Set(posts.map(({ events }) => events[0].event_id)).size).toBe(1);
    expect(tracker.waiting).toBe(1);
  });

  it('waits at least as long as the server asks', async () => {
    const { ground, posts, pass } = world((nth) =>
      nth === 1 ? { status: 429, retryAfter: 60 } : { status: 200 },
    );
    const tracker = createTracker(OPTIONS, ground);
    tracker.track('view');
    await pass(200_000);
    expect(posts[1].atMs - posts[0].atMs).toBeGreaterThanOrEqual(60_000);
    expect([posts.length, tracker.waiting]).toEqual([2, 0]);
  });

  it('gives up what the server will never take', async () => {
    const { ground, posts, pass } = world(() => ({ status: 422 }));
    const tracker = createTracker(OPTIONS, ground);
    tracker.track('view');
    await pass(3_600_000);
    expect([posts.length, tracker.waiting]).toEqual([1, 0]);
  });

  it('loses nothing and counts nothing twice, however often the network fails and the page is left', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('track', 'pass', 'leave', 'reload'), { minLength: 1, maxLength: 30 }),
        fc.array(fc.constantFrom<Reply | 'offline'>('offline', { status: 503 }, { status: 200 }), {
          maxLength: 30,
        }),
        async (steps, answers) => {
          const taken = new Set<unknown>();
          const store = memoryStore();
          const net = world((nth) => answers[nth - 1] ?? { status: 200 });
          const post = async (url: string, body: string) => {
            const reply = await net.ground.post(url, body);
            if (reply.status === 200)
              for (const { event_id } of JSON.parse(body) as Sent[]) taken.add(event_id);
            return reply;
          };
          const fresh = () => createTracker(OPTIONS, { ...net.ground, post, store });
          let tracker = fresh();
          let tracked = 0;
          for (const step of steps) {
            if (step === 'track') {
              tracker.track('view');
              tracked++;
            } else if (step === 'pass') await net.pass(7000);
            else if (step === 'leave') tracker.leave();
            else tracker = fresh();
          }
          await net.pass(48 * 3_600_000);
          for (const body of net.beacons)
            for (const { event_id } of JSON.parse(body) as Sent[]) taken.add(event_id);
          expect(taken.size).toBe(tracked);
          expect(tracker.waiting).toBe(0);
        },
      ),
      { seed: 4, numRuns: 60 },
    );
  });

  it('keeps the newest when too many wait', async () => {
    const { ground, pass } = world(() => 'offline');
    const store = memoryStore();
    const tracker = createTracker({ ...OPTIONS, most: 50 }, { ...ground, store });
    for (let i = 0; i < 80; i++) tracker.track('view', { item_id: String(i) });
    await pass(1000);
    expect(tracker.waiting).toBe(50);
    expect((JSON.parse(store.get('foresell.queue') ?? '[]') as Sent[])[0].item_id).toBe('30');
  });
});

describe('consent', () => {
  it('asked for: nothing leaves and nothing is kept until it is given', async () => {
    const { ground, posts, beacons, pass } = world();
    const store = memoryStore();
    const tracker = createTracker({ ...OPTIONS, consent: 'ask' }, { ...ground, store });
    tracker.track('view');
    tracker.leave();
    await pass(60_000);
    expect([posts.length, beacons.length, store.kept.size]).toEqual([0, 0, 0]);
    tracker.consent({ analytics: true, personalization: true });
    await pass(10);
    expect(posts[0].events[0].anonymous_id).toBeDefined();
  });

  it('refused: what waited is forgotten, and nothing comes after it', async () => {
    const { ground, posts, pass } = world();
    const store = memoryStore();
    const tracker = createTracker(OPTIONS, { ...ground, store });
    tracker.track('view');
    tracker.consent({ analytics: false });
    tracker.track('view');
    await pass(60_000);
    expect(posts).toHaveLength(0);
    expect([...store.kept.keys()]).toEqual(['foresell.consent']);
  });

  it('refused on one page holds on the next, also where the shop assumes it', async () => {
    const { ground, posts, pass } = world();
    const store = memoryStore();
    createTracker(OPTIONS, { ...ground, store }).consent({ analytics: false });
    const next = createTracker(OPTIONS, { ...ground, store });
    next.track('view', { item_id: 'mug' });
    await pass(60_000);
    expect(posts).toHaveLength(0);
    next.consent({ analytics: true });
    next.track('view', { item_id: 'mug' });
    await pass(60_000);
    expect(posts).toHaveLength(1);
  });

  it('to be counted but not recognised: no id leaves, and none is kept', async () => {
    const { ground, posts, pass } = world();
    const store = memoryStore();
    const tracker = createTracker({ ...OPTIONS, consent: 'ask' }, { ...ground, store });
    tracker.consent({ analytics: true, personalization: false });
    tracker.track('view', { item_id: 'mug' });
    await pass(60_000);
    expect(posts[0].events[0]).toMatchObject({ item_id: 'mug', consent: { personalization: false } });
    expect(JSON.stringify(posts)).not.toContain('anonymous_id');
    expect([...store.kept.keys()]).toEqual(['foresell.consent']);
  });
});

describe('the end of a page', () => {
  it('hands everything to the beacon in pieces it takes', () => {
    const { ground, beacons } = world();
    const tracker = createTracker({ ...OPTIONS, batch: 10_000 }, ground);
    for (let i = 0; i < 300; i++) tracker.track('view', { text: '漢'.repeat(100) });
    tracker.leave();
    expect(tracker.waiting).toBe(0);
    expect(beacons.length).toBeGreaterThan(1);
    for (const body of beacons) expect(Buffer.byteLength(body)).toBeLessThan(64 * 1024);
    expect(beacons.flatMap((body) => JSON.parse(body) as Sent[])).toHaveLength(300);
  });

  function samplePage() {
    const listeners = new Map<string, () => void>();
    const beacons: { readonly url: string; readonly body: string }[] = [];
    const storage = memoryStore();
    const document = {
      title: 'Mugs',
      referrer: '',
      visibilityState: 'visible',
      addEventListener: (type: string, listener: () => void) => void listeners.set(type, listener),
    };
    const page: BrowserWindow = {
      localStorage: { getItem: storage.get, setItem: storage.set, removeItem: storage.remove },
      navigator: { sendBeacon: (url, body) => beacons.push({ url, body: String(body) }) > 0 },
      document,
      location: { origin: 'https://shop.example', pathname: '/mugs' },
      addEventListener: document.addEventListener,
      fetch: () => Promise.reject(new Error('offline')),
      setTimeout: () => 0,
      clearTimeout: () => {},
      Blob: class {
        readonly text: string;
        constructor([text]: string[]) {
          this.text = text;
        }
        toString() {
          return this.text;
        }
      },
    };
    return { page, document, listeners, beacons };
  }

  it('in a browser is pagehide, or a page hidden for good', () => {
    for (const event of ['pagehide', 'visibilitychange']) {
      const { page, document, listeners, beacons } = samplePage();
      const tracker = createBrowserTracker(OPTIONS, page);
      tracker.page({ item_id: 'mug' });
      document.visibilityState = 'hidden';
      listeners.get(event)?.();
      expect(beacons[0].url).toContain('key=fsb_k');
      const [sent] = JSON.parse(beacons[0].body) as Sent[];
      expect(sent).toMatchObject({
        type: 'view',
        props: { url: 'https://shop.example/mugs', title: 'Mugs' },
      });
      expect(String(sent.event_id).length).toBeGreaterThan(30);
    }
  });

  it('offline hands nothing to a beacon, which would lose it', () => {
    const { page, listeners, beacons } = samplePage();
    const offline = { ...page, navigator: { ...page.navigator, onLine: false } };
    const tracker = createBrowserTracker(OPTIONS, offline);
    tracker.track('view', { item_id: 'mug' });
    listeners.get('pagehide')?.();
    expect(beacons).toEqual([]);
    expect(JSON.parse(page.localStorage?.getItem('foresell.queue') ?? '[]')).toHaveLength(1);
  });

  it('a page without an item goes on with the visit and sends nothing', async () => {
    const { ground, posts, pass } = world();
    const tracker = createTracker(OPTIONS, ground);
    tracker.track('view', { item_id: 'mug' });
    for (let i = 0; i < 3; i++) {
      await pass(25 * 60_000);
      tracker.page({ props: { title: 'About us' } });
    }
    tracker.track('view', { item_id: 'mug' });
    await pass(10_000);
    const events = posts.flatMap((post) => post.events);
    expect(events).toHaveLength(2);
    expect(events[0].session_id).toBe(events[1].session_id);
  });
});

it('is at most 5 KB for a browser, gzipped, and depends on nothing', async () => {
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: "export { createBrowserTracker } from './browser.ts';",
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2020',
    write: false,
    metafile: true,
  });
  const bytes = gzipSync(outputFiles[0].contents, { level: 9 }).length;
  console.log(`tracker for browsers: ${outputFiles[0].contents.length} bytes, ${bytes} gzipped`);
  expect(bytes).toBeLessThanOrEqual(5000);
  expect(Object.keys(metafile.inputs).filter((path) => path.includes('node_modules'))).toEqual([]);
});
