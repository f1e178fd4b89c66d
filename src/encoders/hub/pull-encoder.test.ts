// Pulling from a hub that misbehaves in each way hubs do; nothing partial is ever seen as complete.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../core/errors.ts';
import { openEncoder } from '../folder/open-encoder.ts';
import { findFaults, LOCK_FILE, lockedFolder, readLock } from './encoder-lock.ts';
import type { Hub } from './hub-request.ts';
import { type MadeUpHub, type MadeUpModel, openMadeUpHub, sha256Of } from './made-up-hub.ts';
import { type PullOptions, pullEncoder } from './pull-encoder.ts';

const FIXTURE = new URL('../../../test/fixtures/encoders/bert/', import.meta.url).pathname;
const NAMES = [
  'config.json',
  'tokenizer.json',
  'model.safetensors',
  'modules.json',
  '1_Pooling/config.json',
  'sentence_bert_config.json',
];
const FILES = Object.fromEntries(NAMES.map((name) => [name, readFileSync(join(FIXTURE, name))]));
const ID = 'made-up/tiny-bert';
const COMMIT = 'a'.repeat(40);
const MODEL: MadeUpModel = {
  commit: COMMIT,
  licence: 'apache-2.0',
  files: {
    ...FILES,
    'README.md': Buffer.from('read me'),
    'pytorch_model.bin': Buffer.from('x'),
    '../evil.json': Buffer.from('{}'),
  },
  linked: ['model.safetensors'],
};
const WEIGHTS = FILES['model.safetensors'] as Buffer;

let server: MadeUpHub;
let dir: string;
let waits: number[];
beforeEach(async () => {
  server = await openMadeUpHub();
  server.models.set(ID, MODEL);
  dir = mkdtempSync(join(tmpdir(), 'foresell-hub-'));
  waits = [];
});
afterEach(async () => {
  await server.close();
  rmSync(dir, { recursive: true });
});

const hub = (more: Partial<Hub> = {}): Hub => ({
  base: server.base,
  retries: 3,
  silenceMs: 2000,
  sleep: async (milliseconds) => void waits.push(milliseconds),
  ...more,
});
const pull = (options: PullOptions = {}, text = ID) => pullEncoder(dir, text, { hub: hub(), ...options });

async function refusal(work: Promise<unknown>): Promise<AppError> {
  const error = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(AppError);
  return error as AppError;
}

const place = (file: string, commit = COMMIT): string => join(dir, 'made-up--tiny-bert', commit, file);
const of = (file: string) => server.seen.filter(({ url }) => url.endsWith(file));

/** Misbehaves at the first so many requests whose address ends so. */
function misbehave(
  ending: string,
  times: number,
  act: (response: ServerResponse, body: Buffer) => void,
): void {
  let left = times;
  server.mischief.push((request, response, body) => {
    if (left === 0 || !request.url?.endsWith(ending)) return false;
    left--;
    act(response, body ?? Buffer.alloc(0));
    return true;
  });
}

/** Promises the whole file, sends so much of it and hangs up. */
const breakOff = (bytes: number) => (response: ServerResponse, body: Buffer) => {
  response.writeHead(200, { 'content-length': body.length });
  response.write(body.subarray(0, bytes), () => endOnceKept(response, bytes));
};

/** Bytes that have arrived and were not read yet would be lost with the connection: it ends once they are on the disk. */
function endOnceKept(response: ServerResponse, bytes: number): void {
  const partial = place('model.safetensors.partial');
  const kept = existsSync(partial) ? statSync(partial).size : 0;
  if (kept >= bytes || response.destroyed) response.socket?.end();
  else setImmediate(() => endOnceKept(response, bytes));
}

describe('pulling', () => {
  it('brings what an encoder is opened from, pinned to its commit, and says the licence', async () => {
    const pulled = await pull();
    expect([...pulled.fetched].sort()).toEqual([...NAMES].sort());
    expect([pulled.commit, pulled.revision, pulled.licence]).toEqual([COMMIT, 'main', 'apache-2.0']);
    const encoder = await openEncoder(pulled.folder);
    expect(encoder.name).toBe(ID);
    expect(encoder.hash).toBe((await openEncoder(FIXTURE)).hash);

    const lock = JSON.parse(readFileSync(join(dir, LOCK_FILE), 'utf8'));
    expect(lock.encoders[ID].files['model.safetensors']).toEqual({
      sha256: sha256Of(WEIGHTS),
      bytes: WEIGHTS.length,
      etag: `"${sha256Of(WEIGHTS)}"`,
    });
    expect(await lockedFolder(dir, ID)).toBe(pulled.folder);
    expect(existsSync(place('pytorch_model.bin'))).toBe(false);
    expect(existsSync(join(dir, 'made-up--tiny-bert', 'evil.json'))).toBe(false);
  });

  it('asks nobody the second time, and nobody at all offline', async () => {
    await pull();
    const asked = server.seen.length;
    expect((await pull()).fetched).toEqual([]);
    expect((await pull({ offline: true })).folder).toBe(join(dir, 'made-up--tiny-bert', COMMIT));
    expect(server.seen.length).toBe(asked);
    rmSync(place('tokenizer.json'));
    const { code, message } = await refusal(pull({ offline: true }));
    expect(code).toBe('NOT_FOUND');
    expect(message).toContain('tokenizer.json');
    expect((await refusal(pull({ offline: true }, 'made-up/other'))).code).toBe('NOT_FOUND');
    // with the hub in reach only what is missing comes
    expect((await pull()).fetched).toEqual(['tokenizer.json']);
  });

  it('keeps the commit of the lock until an update is asked for, and then what has not changed', async () => {
    await pull();
    const next = 'b'.repeat(40);
    const config = Buffer.from(JSON.stringify({ ...JSON.parse(String(FILES['config.json'])), note: 1 }));
    server.models.set(ID, { ...MODEL, commit: next, files: { ...FILES, 'config.json': config } });
    expect((await pull()).commit).toBe(COMMIT);
    const updated = await pull({ update: true });
    expect(updated.commit).toBe(next);
    expect(updated.fetched).toEqual(['config.json']);
    expect(of(`resolve/${next}/model.safetensors`)[0]?.ifNoneMatch).toBe(`"${sha256Of(WEIGHTS)}"`);
    expect(await findFaults(dir, ID, (await readLock(dir))[ID] as never)).toEqual([]);
    await openEncoder(updated.folder);
  });

  it('follows relative and absolute redirects, and keeps the token from other servers', async () => {
    misbehave('config.json', 1, (response) => {
      response.writeHead(307, { location: `/${ID}/resolve/${COMMIT}/config.json?again` }).end();
    });
    server.mischief.push((request, response) => {
      if (!request.url?.endsWith('?again')) return false;
      response.end(FILES['config.json']);
      return true;
    });
    await pull({ hub: hub({ token: 'secret-token' }) });
    expect(server.seen.every(({ authorization }) => authorization === 'Bearer secret-token')).toBe(true);
    expect(server.seenByStore.length).toBeGreaterThan(0);
    expect(server.seenByStore.every(({ authorization }) => authorization === undefined)).toBe(true);
    expect(readFileSync(join(dir, LOCK_FILE), 'utf8')).not.toContain('secret');
  });

  it.each([
    ['a circle', (id: string) => `/${id}/resolve/${COMMIT}/config.json`, 'UNREACHABLE'],
    ['plain http elsewhere', () => 'http://example.invalid/config.json', 'USAGE'],
    ['another protocol', () => 'ftp://127.0.0.1/config.json', 'USAGE'],
    ['a file of this machine', () => 'file:///etc/hostname', 'USAGE'],
    ['what is no address', () => 'http://[', 'UNREACHABLE'],
  ])('does not follow redirects to %s', async (_, location, code) => {
    misbehave('/config.json', 50, (response) => response.writeHead(302, { location: location(ID) }).end());
    const error = await refusal(pull({ hub: hub({ token: 'secret-token' }) }));
    expect(error.code).toBe(code);
    expect(`${error.message} ${JSON.stringify(error.details)} ${String(error.cause)}`).not.toContain(
      'secret',
    );
    expect(existsSync(join(dir, LOCK_FILE))).toBe(false);
  });

  it('speaks plain http with this machine alone', async () => {
    expect((await refusal(pull({ hub: hub({ base: 'http://example.invalid' }) }))).code).toBe('USAGE');
    const { code, message } = await refusal(pull({ hub: hub({ base: 'models.example.com' }) }));
    expect([code, message]).toEqual(['USAGE', expect.stringContaining('got "models.example.com/"')]);
  });
});

describe('a connection that breaks', () => {
  it('is taken up where it broke off', async () => {
    misbehave('store/made-up/tiny-bert/model.safetensors', 1, breakOff(5000));
    await pull();
    expect(server.seenByStore.map(({ range }) => range)).toEqual([undefined, 'bytes=5000-']);
    expect(sha256Of(readFileSync(place('model.safetensors')))).toBe(sha256Of(WEIGHTS));
    expect(existsSync(place('model.safetensors.partial'))).toBe(false);
    expect(waits).toEqual([500]);
  });

  it('leaves a partial file that the next pull goes on with, and no lock', async () => {
    misbehave('model.safetensors', 4, breakOff(3000));
    const error = await refusal(pull());
    expect(error.code).toBe('UNREACHABLE');
    expect(existsSync(place('model.safetensors'))).toBe(false);
    expect(existsSync(join(dir, LOCK_FILE))).toBe(false);
    expect((await refusal(lockedFolder(dir, ID))).code).toBe('NOT_FOUND');
    await pull();
    expect(await findFaults(dir, ID, (await readLock(dir))[ID] as never)).toEqual([]);
  });

  it('begins anew with a server that does not know parts, or finds the partial file too long', async () => {
    writeFileSync(mkdirFor('model.safetensors'), WEIGHTS.subarray(0, 4000));
    misbehave('store/made-up/tiny-bert/model.safetensors', 1, (response, body) => response.end(body));
    await pull();
    expect(sha256Of(readFileSync(place('model.safetensors')))).toBe(sha256Of(WEIGHTS));

    rmSync(place('model.safetensors'));
    writeFileSync(mkdirFor('model.safetensors'), Buffer.concat([WEIGHTS, WEIGHTS]));
    await pull();
    expect(sha256Of(readFileSync(place('model.safetensors')))).toBe(sha256Of(WEIGHTS));
  });

  it('finds a partial file of other bytes out, and keeps nothing of it', async () => {
    writeFileSync(mkdirFor('model.safetensors'), Buffer.alloc(4000, 7));
    expect((await refusal(pull())).code).toBe('BAD_FILE');
    expect(existsSync(place('model.safetensors.partial'))).toBe(false);
    await pull();
  });

  it('is given up when the server falls silent', async () => {
    misbehave('/tokenizer.json', 50, (response, body) => {
      response.writeHead(200, { 'content-length': body.length });
      response.write(body.subarray(0, 10));
    });
    const error = await refusal(pull({ hub: hub({ silenceMs: 60, retries: 1 }) }));
    expect(error.code).toBe('UNREACHABLE');
    expect(error.message).toMatch(/fell silent, 2 times/);
  });

  it('stops at once when asked to', async () => {
    const stop = new AbortController();
    misbehave('/tokenizer.json', 50, (response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('{', () => stop.abort());
    });
    expect((await refusal(pull({ signal: stop.signal }))).code).toBe('INTERRUPTED');
    expect(existsSync(place('tokenizer.json'))).toBe(false);
  });
});

/** Where a partial file of the model lies. */
function mkdirFor(file: string): string {
  const folder = place('');
  mkdirSync(folder, { recursive: true });
  return `${place(file)}.partial`;
}

describe('a hub that answers wrongly', () => {
  it('is asked again while it is busy, as late as it wishes', async () => {
    misbehave('/config.json', 1, (response) => response.writeHead(503).end());
    misbehave('/config.json', 1, (response) => response.writeHead(429, { 'retry-after': '7' }).end());
    await pull();
    expect(waits).toEqual([500, 7000]);
  });

  it.each([
    [404, 'NOT_FOUND', /has no model/],
    [401, 'NOT_FOUND', /FORESELL_HUB_TOKEN/],
    [418, 'UNREACHABLE', /status 418/],
  ])('is believed when it refuses with %i', async (status, code, words) => {
    server.mischief.push((_, response) => {
      response.writeHead(status).end();
      return true;
    });
    const error = await refusal(pull());
    expect(error.code).toBe(code);
    expect(error.message).toMatch(words);
    expect(waits).toEqual([]);
  });

  it.each([
    ['other bytes of the same length', Buffer.alloc(WEIGHTS.length, 1)],
    ['more bytes', Buffer.concat([WEIGHTS, WEIGHTS])],
  ])('is found out when it sends %s', async (_, bytes) => {
    misbehave('store/made-up/tiny-bert/model.safetensors', 50, (response) => response.end(bytes));
    expect((await refusal(pull())).code).toBe('BAD_FILE');
    expect(existsSync(place('model.safetensors'))).toBe(false);
    expect(existsSync(join(dir, LOCK_FILE))).toBe(false);
  });

  it('is found out when small files differ from their tag', async () => {
    misbehave('/modules.json', 50, (response, body) => {
      response.writeHead(200, { etag: `"${'0'.repeat(40)}"`, 'content-length': body.length });
      response.end(body);
    });
    expect((await refusal(pull())).message).toMatch(/modules\.json.*checksum/);
  });

  it.each([
    ['no JSON', 'hello'],
    ['no commit', JSON.stringify({ siblings: [] })],
    ['a commit that is a path', JSON.stringify({ sha: '../..', siblings: [] })],
    ['no files', JSON.stringify({ sha: COMMIT })],
  ])('is refused for a listing with %s', async (_, text) => {
    misbehave('blobs=true', 1, (response) => response.end(text));
    expect((await refusal(pull())).code).toBe('BAD_FILE');
  });

  it('may lack what an encoder needs', async () => {
    const { 'tokenizer.json': _, ...noTokenizer } = FILES;
    server.models.set(ID, { ...MODEL, files: noTokenizer });
    expect((await refusal(pull())).message).toMatch(/expected tokenizer\.json/);
    const { 'model.safetensors': __, ...noWeights } = MODEL.files;
    server.models.set(ID, { ...MODEL, files: noWeights });
    expect((await refusal(pull())).message).toMatch(/pickled weights are not read/);
  });

  it('of a network whose weights have other names is brought as an ONNX file, or not at all', async () => {
    const files = { ...MODEL.files, 'onnx/model.onnx': Buffer.from('a graph') };
    server.models.set(ID, { ...MODEL, files, modelType: 'mpnet' });
    const { fetched } = await pull();
    expect(fetched).toContain('onnx/model.onnx');
    expect(fetched).not.toContain('model.safetensors');
    server.models.set(ID, { ...MODEL, commit: 'b'.repeat(40), modelType: 'mpnet' });
    expect((await refusal(pull({ update: true }))).message).toMatch(/networks of type "mpnet" are read/);
  });

  it('may not change a file at the commit of the lock', async () => {
    await pull();
    const changed = Buffer.alloc(WEIGHTS.length, 3);
    server.models.set(ID, { ...MODEL, files: { ...MODEL.files, 'model.safetensors': changed } });
    rmSync(place('model.safetensors'));
    expect((await refusal(pull())).code).toBe('TAMPERED');
    expect(existsSync(place('model.safetensors'))).toBe(false);
  });
});

describe('the lock', () => {
  it('refuses a file that no longer matches, and one that is gone', async () => {
    const { folder } = await pull();
    const config = join(folder, 'config.json');
    writeFileSync(config, `${readFileSync(config, 'utf8')} `);
    expect((await refusal(lockedFolder(dir, ID))).code).toBe('TAMPERED');
    expect((await refusal(openEncoder(folder))).code).toBe('TAMPERED');
    expect(await findFaults(dir, ID, (await readLock(dir))[ID] as never)).toEqual([
      { file: 'config.json', fault: 'changed' },
    ]);
    rmSync(config);
    expect((await refusal(lockedFolder(dir, ID))).message).toMatch(/expected config\.json, found none/);
    expect((await refusal(lockedFolder(dir, `${ID}@v2`))).code).toBe('NOT_FOUND');
    expect(await lockedFolder(dir, `${ID}@main`).catch(() => 'gone')).toBe('gone');
    await pull();
    expect(await lockedFolder(dir, `${ID}@${COMMIT}`)).toBe(folder);
  });

  it('is read with care', async () => {
    for (const [text, code] of [
      ['{', 'BAD_FILE'],
      ['{"version":9,"encoders":{}}', 'VERSION'],
      ['{"version":1,"encoders":{"a/b":{}}}', 'BAD_FILE'],
      [
        `{"version":1,"encoders":{"a/b":{"revision":"main","commit":"${COMMIT}","licence":null,"files":{"../x":{"sha256":"${'0'.repeat(64)}","bytes":1}}}}}`,
        'BAD_FILE',
      ],
    ] as const) {
      writeFileSync(join(dir, LOCK_FILE), text);
      expect((await refusal(readLock(dir))).code, text).toBe(code);
    }
  });

  it('holds several encoders, pulled at the same time', async () => {
    server.models.set('made-up/second', { ...MODEL, commit: 'c'.repeat(40) });
    await Promise.all([pull(), pull({}, 'made-up/second@v1')]);
    const lock = await readLock(dir);
    expect(Object.keys(lock)).toEqual(['made-up/second', ID]);
    expect(lock['made-up/second']?.revision).toBe('v1');
  });

  it('does not take names that leave the folder', async () => {
    for (const text of ['tiny-bert', '../x', 'a/../b', 'a/b/c', 'a/b@../c', 'a/b@-x', 'http://a/b'])
      expect((await refusal(pull({}, text))).code, text).toBe('USAGE');
  });
});
