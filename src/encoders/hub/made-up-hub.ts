// A hub on this machine for tests: it serves models, and misbehaves as asked.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A model at one commit. */
export interface MadeUpModel {
  readonly commit: string;
  readonly licence?: string;
  readonly files: Readonly<Record<string, Buffer>>;
  /** Files that are large: sent by the second server, tagged with their SHA-256. */
  readonly linked?: readonly string[];
  /** As the hub says it of config.json; unsaid where left out. */
  readonly modelType?: string;
}

/** Answers instead of the usual; returns whether it did. */
export type Mischief = (
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer | undefined,
) => boolean;

export interface SeenRequest {
  readonly url: string;
  readonly range: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly authorization: string | undefined;
}

export interface MadeUpHub {
  readonly base: string;
  /** What was asked of the hub, and of the server that large files come from, oldest first. */
  readonly seen: SeenRequest[];
  readonly seenByStore: SeenRequest[];
  /** The model by `owner/name`; put another in its place to move its branch. */
  readonly models: Map<string, MadeUpModel>;
  /** Tried in order at every request for a file, on either server. */
  readonly mischief: Mischief[];
  close(): Promise<void>;
}

export const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const blobOf = (bytes: Buffer): string =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

/** Starts both servers on free ports of this machine. */
export async function openMadeUpHub(): Promise<MadeUpHub> {
  const models = new Map<string, MadeUpModel>();
  const mischief: Mischief[] = [];
  const seen: SeenRequest[] = [];
  const seenByStore: SeenRequest[] = [];
  const store = createServer((request, response) => {
    note(seenByStore, request);
    const [, id, file] = /^\/store\/([^/]+\/[^/]+)\/(.*)$/.exec(request.url ?? '') ?? [];
    const body = models.get(id ?? '')?.files[file ?? ''];
    if (!mischief.some((act) => act(request, response, body))) sendBytes(request, response, body);
  });
  const storeBase = await listen(store);
  const hub = createServer((request, response) => {
    note(seen, request);
    const url = new URL(request.url ?? '/', 'http://hub');
    const [, listed] = /^\/api\/models\/([^/]+\/[^/]+)\/revision\//.exec(url.pathname) ?? [];
    const [, id, commit, file] = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.*)$/.exec(url.pathname) ?? [];
    const model = models.get(listed ?? id ?? '');
    const body = file === undefined ? undefined : model?.files[file];
    if (mischief.some((act) => act(request, response, body))) return;
    if (model === undefined) return end(response, 404);
    if (listed !== undefined) return sendListing(response, model);
    if (commit !== model.commit || body === undefined || file === undefined) return end(response, 404);
    response.setHeader('x-repo-commit', model.commit);
    if (model.linked?.includes(file)) {
      const tag = `"${sha256Of(body)}"`;
      response.setHeader('x-linked-etag', tag);
      response.setHeader('x-linked-size', body.length);
      if (request.headers['if-none-match'] === tag) return end(response, 304);
      response.writeHead(302, { location: `${storeBase}/store/${id}/${file}` }).end();
      return;
    }
    response.setHeader('etag', `"${blobOf(body)}"`);
    if (request.headers['if-none-match'] === `"${blobOf(body)}"`) return end(response, 304);
    sendBytes(request, response, body);
  });
  const base = await listen(hub);
  return {
    ...{ base, seen, seenByStore, models, mischief },
    close: async () => {
      for (const server of [hub, store]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

function note(list: SeenRequest[], { url = '', headers }: IncomingMessage): void {
  const { range, authorization, 'if-none-match': ifNoneMatch } = headers;
  list.push({ url, range, ifNoneMatch, authorization });
}

function sendListing(
  response: ServerResponse,
  { commit, licence, files, linked = [], modelType }: MadeUpModel,
): void {
  const siblings = Object.entries(files).map(([rfilename, bytes]) => ({
    ...{ rfilename, size: bytes.length },
    ...(linked.includes(rfilename) ? { lfs: { sha256: sha256Of(bytes), size: bytes.length } } : {}),
  }));
  const tags = licence === undefined ? [] : [`license:${licence}`];
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ sha: commit, siblings, tags, config: { model_type: modelType } }));
}

function sendBytes(request: IncomingMessage, response: ServerResponse, body: Buffer | undefined): void {
  if (body === undefined) {
    end(response, 404);
    return;
  }
  const [, start] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
  const from = Number(start ?? 0);
  if (start !== undefined && from >= body.length) {
    end(response, 416);
    return;
  }
  if (start !== undefined)
    response.setHeader('content-range', `bytes ${from}-${body.length - 1}/${body.length}`);
  response.writeHead(start === undefined ? 200 : 206, { 'content-length': body.length - from });
  response.end(body.subarray(from));
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status).end();
}

async function listen(server: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
