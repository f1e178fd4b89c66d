import { afterEach, describe, expect, it } from 'vitest';
import { type Peer, startProgram } from './peers.ts';

const READY = '{ "ready": true, "framework": "made-up 1.0", "threads": 1, "parameters": 7 }';

/** A peer whose steps take as many milliseconds as they are asked for. */
const GOOD = `
  const say = (value) => console.log(JSON.stringify(value));
  say(${READY});
  require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
    const { steps } = JSON.parse(line);
    say({ milliseconds: Array(steps).fill(steps), losses: Array(steps).fill(.5), peakBytes: 100 });
  });`;

const started: Peer[] = [];
const start = async (script: string, limits?: { readyMs?: number; runMs?: number }): Promise<Peer> => {
  const peer = await startProgram({ program: process.execPath, args: ['-e', script] }, limits);
  started.push(peer);
  return peer;
};

afterEach(async () => {
  for (const peer of started.splice(0)) await peer.stop();
});

describe('a peer', () => {
  it('says what it is, then answers each run', async () => {
    const peer = await start(GOOD);
    expect(peer.ready).toMatchObject({ framework: 'made-up 1.0', threads: 1, parameters: 7 });
    expect(await peer.run(3)).toEqual({ milliseconds: [3, 3, 3], losses: [0.5, 0.5, 0.5], peakBytes: 100 });
    expect((await peer.run(1)).milliseconds).toEqual([1]);
    await peer.stop();
    await expect(peer.run(1)).rejects.toThrow('exit code 0');
  });

  it('that dies before it is ready is quoted', async () => {
    const dying = start(`console.error('no such module: torch'); process.exit(3)`);
    await expect(dying).rejects.toThrow(/exit code 3\n(.*\n)*no such module: torch/);
  });

  it('that dies in the middle of a run is quoted', async () => {
    const peer = await start(`console.log('${READY}');
      process.stdin.once('data', () => { console.error('out of memory'); process.exit(9); });`);
    await expect(peer.run(1)).rejects.toThrow(/exit code 9\n(.*\n)*out of memory/);
  });

  it('that is late is ended', async () => {
    const late = start(
      `setTimeout(() => {}, 60_000); process.stdin.on('end', () => process.exit()).resume()`,
      {
        readyMs: 200,
      },
    );
    await expect(late).rejects.toThrow('no answer within 200 ms');
    const slow = await start(`console.log('${READY}'); process.stdin.resume()`, { runMs: 200 });
    await expect(slow.run(1)).rejects.toThrow('no answer within 200 ms');
  });

  it('that says something else is refused', async () => {
    await expect(start(`console.log('hello'); process.stdin.resume()`)).rejects.toThrow('one JSON document');
    await expect(start(`console.log('{"a":1}'); process.stdin.resume()`)).rejects.toThrow('"ready"');
  });

  it('that is not on the disk is named', async () => {
    await expect(startProgram({ program: '/nowhere/python', args: [] })).rejects.toThrow('/nowhere/python');
  });
});
