// Kinds of request a server is overloaded with, each cheap or dear to answer and to refuse in its own way.
import { join } from 'node:path';
import { createWorkspace } from '../../src/data/workspace.ts';
import { eventText } from './ingest.ts';
import type { ServeWork } from './part.ts';
import { httpRequest, numbered, PERSON } from './requests.ts';

/** Events a request: with single ones the generator, on the same two cores, could not send four times what the server takes. */
const BATCH = 100;
/** So few that what is kept of each, a thousand events, is full within the first minute. */
const BATCH_PEOPLE = 2000;

export interface OverloadKind {
  /** What one request is. */
  readonly what: string;
  /** Requests a second at which the search for the peak begins. */
  readonly from: number;
  /** What is served, and by which arguments of the command. */
  open(work: ServeWork): Promise<OverloadShop>;
}

export interface OverloadShop {
  readonly workspace: string;
  readonly args: readonly string[];
  /** The nth request, of those numbered `from` and up, for a server with this key. */
  requests(key: string, from: number): (nth: number) => Uint8Array;
}

export const OVERLOAD_KINDS: Readonly<Record<string, OverloadKind>> = {
  predictions: {
    what: 'prediction of one customer by trees',
    from: 800,
    open: (work) =>
      openAsked(work, '/v1/predictions/purchase', { entities: [{ user_id: `user-${PERSON}` }] }),
  },
  lists: {
    what: 'ten of all items for one customer by the transformer',
    from: 200,
    open: (work) =>
      openAsked(work, '/v1/recommendations', { entities: [{ user_id: `user-${PERSON}` }], top: 10 }),
  },
  batches: {
    what: `${BATCH} events`,
    from: 400,
    async open({ folder }) {
      const workspace = join(folder, 'shop');
      createWorkspace(workspace, { currency: 'EUR' });
      const body = Array.from({ length: BATCH }, eventText).join('\n');
      return {
        ...{ workspace, args: [] },
        requests: (key, from) =>
          numbered(httpRequest('/v1/events', body, headersOf(key, 'application/x-ndjson')), {
            ...{ from, people: BATCH_PEOPLE },
          }),
      };
    },
  },
};

/** The same question about another customer each time. */
async function openAsked(work: ServeWork, path: string, question: unknown): Promise<OverloadShop> {
  const { dir, users } = await work.servedShop();
  const body = JSON.stringify(question);
  return {
    ...{ workspace: dir, args: ['--threads', '1'] },
    requests: (key, from) =>
      numbered(httpRequest(path, body, headersOf(key, 'application/json')), { from, people: users }),
  };
}

const headersOf = (key: string, type: string) => ({ authorization: `Bearer ${key}`, 'content-type': type });
