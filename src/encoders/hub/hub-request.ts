// One request to a hub: redirects followed with care, silence ended, failures that may pass tried again.
import { AppError, throwIfAborted } from '../../core/errors.ts';

/** How a hub is spoken to. */
export interface Hub {
  /** `https://…`; plain http only on this machine. */
  readonly base: string;
  /** Sent to the base's own origin alone; never written anywhere. */
  readonly token?: string | undefined;
  /** Milliseconds without a byte after which a server counts as gone; 30,000 by default. */
  readonly silenceMs?: number;
  /** Times a failed request is made again; 4 by default. */
  readonly retries?: number;
  /** Waits between attempts; the clock's by default. */
  readonly sleep?: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** Where most published models are. */
export const PUBLIC_HUB = 'https://huggingface.co';

const REDIRECTS = 5;
const SILENCE_MS = 30_000;
export const RETRIES = 4;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

/** An answer whose body has not been read yet. */
export interface HubResponse {
  readonly status: number;
  /** Of the last server, and before it of those that redirected: the hub itself says what a file is. */
  readonly header: (name: string) => string | undefined;
  /** Chunks; a server that falls silent, or breaks off, fails with `Passing`. */
  readonly chunks: () => AsyncGenerator<Uint8Array>;
  /** Lets go of a body nobody reads. */
  readonly drop: () => void;
}

/** A failure that may be over the next time. */
export class Passing extends Error {
  /** What the server asked for. */
  readonly waitMs: number | undefined;
  constructor(message: string, waitMs?: number, cause?: unknown) {
    super(message, { cause });
    this.waitMs = waitMs;
  }
}

export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends GET and follows redirects.
 *
 * @throws Passing for what may pass; AppError USAGE for an address that is not safe, UNREACHABLE for redirects without end
 */
export async function request(
  hub: Hub,
  path: string,
  { headers = {}, signal }: RequestOptions = {},
): Promise<HubResponse> {
  const base = requireSafe(addressOf(hub.base.endsWith('/') ? hub.base : `${hub.base}/`), hub);
  let url = new URL(path, base);
  const seen: Headers[] = [];
  const watch = watchSilence(hub.silenceMs ?? SILENCE_MS, signal);
  for (let hop = 0; hop <= REDIRECTS; hop++) {
    const own = url.origin === base.origin;
    const response = await send(url, watch, {
      'accept-encoding': 'identity',
      ...headers,
      ...(own && hub.token !== undefined ? { authorization: `Bearer ${hub.token}` } : {}),
    });
    seen.unshift(response.headers);
    const location = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || response.status === 304 || location === null)
      return answer(response, seen, watch);
    await response.body?.cancel();
    try {
      url = requireSafe(addressOf(location, url), hub);
    } catch (cause) {
      watch.stop();
      throw cause;
    }
  }
  watch.stop();
  throw new AppError('UNREACHABLE', `${base.host}: expected at most ${REDIRECTS} redirects, got more`);
}

/** @throws AppError USAGE for what a person typed, UNREACHABLE for where a hub leads */
function addressOf(text: string, from?: URL): URL {
  if (URL.canParse(text, from?.href)) return new URL(text, from);
  throw from === undefined
    ? new AppError('USAGE', `expected a hub's address such as ${PUBLIC_HUB}, got "${text.slice(0, 200)}"`)
    : new AppError('UNREACHABLE', `${from.host}: expected a redirect to an address, got none`);
}

/** @throws AppError USAGE */
function requireSafe(url: URL, hub: Hub): URL {
  const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback && isPlain(hub))) return url;
  throw new AppError(
    'USAGE',
    `expected an https address, got ${url.protocol}//${url.host}; it is not followed`,
  );
}

const isPlain = (hub: Hub): boolean => hub.base.startsWith('http:');

interface Watch {
  readonly signal: AbortSignal;
  /** A byte came. */
  readonly touch: () => void;
  readonly stop: () => void;
  readonly isSilent: () => boolean;
  readonly outer: AbortSignal | undefined;
}

function watchSilence(milliseconds: number, outer: AbortSignal | undefined): Watch {
  const controller = new AbortController();
  let silent = false;
  const fall = (): void => {
    silent = true;
    controller.abort();
  };
  let timer = setTimeout(fall, milliseconds);
  const onAbort = (): void => controller.abort();
  outer?.addEventListener('abort', onAbort, { once: true });
  if (outer?.aborted) controller.abort();
  return {
    signal: controller.signal,
    touch: () => {
      clearTimeout(timer);
      timer = setTimeout(fall, milliseconds);
    },
    stop: () => {
      clearTimeout(timer);
      outer?.removeEventListener('abort', onAbort);
    },
    isSilent: () => silent,
    outer,
  };
}

async function send(url: URL, watch: Watch, headers: Readonly<Record<string, string>>): Promise<Response> {
  try {
    const response = await fetch(url, { headers, redirect: 'manual', signal: watch.signal });
    watch.touch();
    return response;
  } catch (cause) {
    watch.stop();
    throw failure(url.host, watch, cause);
  }
}

function failure(host: string, watch: Watch, cause: unknown): Error {
  throwIfAborted(watch.outer);
  // undici's own words hold addresses only, but its causes may hold headers: they are not kept
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const code = inner instanceof Error && 'code' in inner ? ` (${String(inner.code)})` : '';
  return new Passing(
    watch.isSilent() ? `${host} fell silent` : `${host} could not be reached or broke off${code}`,
  );
}

function answer(response: Response, seen: readonly Headers[], watch: Watch): HubResponse {
  const host = new URL(response.url).host;
  return {
    status: response.status,
    header: (name) => seen.map((headers) => headers.get(name)).find((value) => value !== null) ?? undefined,
    drop: () => {
      watch.stop();
      response.body?.cancel().catch(() => {});
    },
    chunks: async function* () {
      if (response.body === null) return watch.stop();
      try {
        for await (const chunk of response.body) {
          watch.touch();
          yield chunk;
        }
      } catch (cause) {
        throw failure(host, watch, cause);
      } finally {
        watch.stop();
      }
    },
  };
}

/**
 * Does work again while it fails with what may pass, waiting twice as long each time, or as long as the server asks.
 *
 * @throws AppError UNREACHABLE after the last attempt; INTERRUPTED
 */
export async function withRetries<T>(
  hub: Hub,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const { retries = RETRIES, sleep = wait } = hub;
  for (let attempt = 0; ; attempt++) {
    throwIfAborted(signal);
    try {
      return await work();
    } catch (cause) {
      if (!(cause instanceof Passing)) throw cause;
      if (attempt >= retries)
        throw new AppError(
          'UNREACHABLE',
          `${cause.message}, ${attempt + 1} times; try again later, or work offline with what is there`,
        );
      await sleep(Math.min(LONGEST_WAIT_MS, cause.waitMs ?? FIRST_WAIT_MS * 2 ** attempt), signal);
    }
  }
}

async function wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, milliseconds);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
    signal?.addEventListener('abort', done, { once: true });
  });
  throwIfAborted(signal);
}

/**
 * Turns an answer that is no file into words.
 *
 * @throws Passing for a server that is busy; AppError NOT_FOUND, UNREACHABLE
 */
export function requireAnswer(response: HubResponse, what: string, accepted: readonly number[]): void {
  const { status, header, drop } = response;
  if (accepted.includes(status)) return;
  drop();
  if (status === 429 || status === 408 || status >= 500) {
    const seconds = Number(header('retry-after'));
    throw new Passing(`the hub is busy (status ${status})`, seconds > 0 ? 1000 * seconds : undefined);
  }
  if (status === 401 || status === 403)
    throw new AppError(
      'NOT_FOUND',
      `the hub does not show ${what} (status ${status}): check the name, or set FORESELL_HUB_TOKEN to a token that may read it`,
    );
  if (status === 404) throw new AppError('NOT_FOUND', `the hub has no ${what}`);
  throw new AppError('UNREACHABLE', `the hub answered a request for ${what} with status ${status}`);
}
