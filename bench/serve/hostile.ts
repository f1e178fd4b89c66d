// Clients that mean no good, or none at all: slow ones, idle ones by the thousand, endless bodies, bombs. Others notice nothing.

import { setMaxListeners } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createGzip, gzipSync } from 'node:zlib';
import { createWorkspace } from '../../src/data/workspace.ts';
import { atMost, type Target } from '../bench.ts';
import { eventText } from './ingest.ts';
import { openLoop } from './open-loop.ts';
import { type Part, rounded, type ServeWork } from './part.ts';
import { httpRequest, numbered } from './requests.ts';
import { type ServerProcess, startServer } from './server-process.ts';

const RATE = 1000;
const SECONDS = 10;
const PEOPLE = 20_000;

/** What is done to the server while others go on; gives back what it saw, in words, and ends. */
type Attack = (server: ServerProcess, signal: AbortSignal) => Promise<Readonly<Record<string, unknown>>>;

export async function hostile(work: ServeWork): Promise<Part> {
  const workspace = join(work.folder, 'shop');
  createWorkspace(workspace, { currency: 'EUR' });
  const server = await startServer({ workspace, nodeArgs: work.nodeArgs });
  const targets: Target[] = [];
  const figures: Record<string, unknown> = {};
  const headers = { authorization: `Bearer ${server.key}`, 'content-type': 'application/json' };
  const bomb = await bombOf(work.number('bomb', 1024));
  const single = httpRequest('/v1/events', eventText(), headers);
  try {
    let from = 0;
    for (const [name, attack] of attacks(work, bomb)) {
      from += 1_000_000;
      const over = new AbortController();
      setMaxListeners(0, over.signal);
      const beforeMB = server.memory().nowMB;
      const attacked = attack(server, over.signal);
      // A refusal of the attack's own is found when it is awaited.
      attacked.catch(() => {});
      const load = await openLoop({
        ...{
          host: server.host,
          port: server.port,
          rate: RATE,
          connections: 64,
          warmUpSeconds: work.number('warm', 1),
        },
        ...{ seconds: work.number('seconds', SECONDS), request: numbered(single, { from, people: PEOPLE }) },
      });
      over.abort();
      const seen = await attacked;
      const grownMB = rounded(server.memory().nowMB - beforeMB);
      work.log(`${name}: ${JSON.stringify({ ...seen, p99Ms: load.good.p99Ms, grownMB })}`);
      targets.push(
        atMost(`${name}: p99 of others' events at ${RATE}/s, ms`, rounded(load.good.p99Ms), 100),
        atMost(`${name}: others' requests without their 200`, load.sent - load.good.count, 0),
      );
      figures[name] = { ...seen, good: load.good, grownMB };
    }
    targets.push(atMost('memory of the server at its highest, MB', rounded(server.memory().peakMB), 512));
  } finally {
    await server.stop();
  }
  return { targets, figures: { hostile: figures } };
}

const attacks = (work: ServeWork, bomb: Uint8Array<ArrayBuffer>): readonly (readonly [string, Attack])[] => [
  ['slow clients', slowClients(work.number('slow', 500))],
  ['idle connections', idleConnections(work.number('idle', 10_000))],
  ['a body of 1 GB', endlessBody(true)],
  ['a body of 1 GB without a length', endlessBody(false)],
  ['gzip bombs', bombs(bomb)],
];

const open = (server: ServerProcess): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: server.host, port: server.port, noDelay: true });
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
    // Being cut off is what they are here for.
    socket.on('error', () => {});
  });

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Half of them send their head a byte at a time, half their body. */
const slowClients =
  (count: number): Attack =>
  async (server, signal) => {
    const head = `POST /v1/events HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${server.key}\r\ncontent-type: application/json\r\ncontent-length: 10000\r\n`;
    const sockets = await Promise.all(Array.from({ length: count }, () => open(server)));
    let cutOff = 0;
    for (const [nth, socket] of sockets.entries()) {
      socket.on('close', () => {
        if (!signal.aborted) cutOff++;
      });
      if (nth % 2 === 0) socket.write(`${head}\r\n`);
    }
    let at = 0;
    const drip = setInterval(() => {
      const byte = head[at++ % head.length];
      for (const [nth, socket] of sockets.entries())
        if (!socket.destroyed) socket.write(nth % 2 === 0 ? ' ' : byte);
    }, 500);
    await aborted(signal);
    clearInterval(drip);
    for (const socket of sockets) socket.destroy();
    return { clients: count, cutOff };
  };

/** Opened a hundred at a time; half of them have asked something before. */
const idleConnections =
  (count: number): Attack =>
  async (server, signal) => {
    const sockets: Socket[] = [];
    const asked = 'GET /livez HTTP/1.1\r\nhost: bench\r\n\r\n';
    while (sockets.length < count && !signal.aborted) {
      const more = await Promise.all(
        Array.from({ length: Math.min(100, count - sockets.length) }, () => open(server)),
      );
      for (const [nth, socket] of more.entries()) if (nth % 2 === 0) socket.write(asked);
      sockets.push(...more);
    }
    await aborted(signal);
    const stillOpen = sockets.filter(({ destroyed }) => !destroyed).length;
    for (const socket of sockets) socket.destroy();
    return { connections: sockets.length, stillOpen };
  };

const GIGABYTE = 2 ** 30;

/** Sends as fast as it is taken, until it is answered or cut off. */
const endlessBody =
  (hasLength: boolean): Attack =>
  async (server, signal) => {
    const length = hasLength ? `content-length: ${GIGABYTE}` : 'transfer-encoding: chunked';
    const chunk = Buffer.alloc(65_536, 0x20);
    const piece = hasLength ? chunk : Buffer.concat([Buffer.from('10000\r\n'), chunk, Buffer.from('\r\n')]);
    const statuses: Record<string, number> = {};
    let sent = 0;
    let rounds = 0;
    for (; !signal.aborted && rounds < 50; rounds++) {
      const socket = await open(server);
      const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
      socket.once('data', (bytes) => {
        const status = bytes.toString('latin1', 9, 12);
        statuses[status] = (statuses[status] ?? 0) + 1;
        socket.destroy();
      });
      socket.write(
        `POST /v1/events HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${server.key}\r\ncontent-type: application/json\r\n${length}\r\n\r\n`,
      );
      let own = 0;
      const pour = (): void => {
        while (!socket.destroyed && own < GIGABYTE) {
          own += chunk.length;
          sent += chunk.length;
          if (!socket.write(piece)) return;
        }
      };
      socket.on('drain', pour);
      pour();
      await Promise.race([ended, aborted(signal)]);
      socket.destroy();
    }
    await aborted(signal);
    return { rounds, statuses, megabytesSentEach: rounded(sent / 2 ** 20 / Math.max(1, rounds)) };
  };

/** A gigabyte of blanks in a megabyte, and gzip inside gzip; twenty times a second. */
const bombs =
  (bomb: Uint8Array<ArrayBuffer>): Attack =>
  async (server, signal) => {
    const nested = gzipSync(bomb);
    const statuses: Record<string, number> = {};
    for (let round = 0; !signal.aborted; round++) {
      const reply = await fetch(`http://${server.host}:${server.port}/v1/events`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${server.key}`,
          'content-type': 'application/json',
          'content-encoding': 'gzip',
        },
        body: round % 2 === 0 ? bomb : nested,
      });
      await reply.arrayBuffer();
      statuses[reply.status] = (statuses[reply.status] ?? 0) + 1;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return { statuses, bytes: bomb.length };
  };

/** So many megabytes of blanks. */
function bombOf(megabytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const blanks = Buffer.alloc(2 ** 20, 0x20);
  const zip = createGzip({ level: 9 });
  const parts: Buffer[] = [];
  return new Promise((resolve, reject) => {
    zip.on('data', (part: Buffer) => parts.push(part));
    zip.on('end', () => resolve(new Uint8Array(Buffer.concat(parts))));
    zip.on('error', reject);
    let left = megabytes;
    const pour = (): void => {
      while (left > 0) {
        left--;
        if (!zip.write(blanks)) {
          zip.once('drain', pour);
          return;
        }
      }
      zip.end();
    };
    pour();
  });
}
