// Sessions shared by calls that overlap: each program is opened once, and none is released under a run.

import { describe, expect, it } from 'vitest';
import type { Backend, Session } from '../../tensor/session/session.ts';
import { createSessionPool } from './session-pool.ts';

/** A backend of sessions that only say what becomes of them; a model is its number in one byte. */
function tellingBackend(told: string[], open: () => Promise<void> = later): Backend {
  return {
    name: 'onnxruntime-node',
    async open(model) {
      const name = `${(model as Uint8Array)[0]}`;
      told.push(`opening ${name}`);
      await open();
      const session: Session = {
        ...{ inputs: [], outputs: [] },
        async run() {
          told.push(`running ${name}`);
          await later();
          told.push(`ran ${name}`);
          return {};
        },
        async release() {
          told.push(`released ${name}`);
        },
      };
      return session;
    },
  };
}

const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

const run = (session: Session) => session.run({});

const models = [0, 1, 2].map((number) => Uint8Array.of(number));

describe('a session pool', () => {
  it('opens a program once for calls that overlap', async () => {
    const told: string[] = [];
    const pool = createSessionPool(tellingBackend(told), models, { most: 2 });
    await Promise.all([pool.use(0, run), pool.use(0, run)]);
    await pool.close();
    expect(told).toEqual(['opening 0', 'running 0', 'running 0', 'ran 0', 'ran 0', 'released 0']);
  });

  it('releases no session that runs, and the idle one used longest ago first', async () => {
    const told: string[] = [];
    const pool = createSessionPool(tellingBackend(told), models, { most: 1 });
    await Promise.all([pool.use(0, run), pool.use(1, run)]);
    expect(told.filter((line) => line.startsWith('released'))).toEqual([]);
    await pool.use(0, run);
    await pool.use(2, run);
    expect(told.slice(-5)).toEqual(['released 1', 'released 0', 'opening 2', 'running 2', 'ran 2']);
    await pool.close();
    expect(told.at(-1)).toBe('released 2');
  });

  it('lets go of as many as it must', async () => {
    const told: string[] = [];
    const pool = createSessionPool(tellingBackend(told), models, { most: 2 });
    for (const index of [0, 1, 0, 2]) await pool.use(index, run);
    expect(told.filter((line) => line.startsWith('released'))).toEqual(['released 1']);
    await pool.close();
  });

  it('closes when the work is done, and takes no more', async () => {
    const told: string[] = [];
    const pool = createSessionPool(tellingBackend(told), models, { most: 2 });
    const working = pool.use(0, run);
    await pool.close();
    expect(told).toEqual(['opening 0', 'running 0', 'ran 0', 'released 0']);
    await working;
    await expect(pool.use(0, run)).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('opens again what could not be opened', async () => {
    const told: string[] = [];
    const fault = new Error('no memory');
    let failures = 1;
    const open = async () => {
      if (failures-- > 0) throw fault;
    };
    const pool = createSessionPool(tellingBackend(told, open), models, { most: 2 });
    const refused = await Promise.allSettled([pool.use(0, run), pool.use(0, run)]);
    expect(refused).toMatchObject([{ reason: fault }, { reason: fault }]);
    await pool.use(0, run);
    await pool.close();
    expect(told).toEqual(['opening 0', 'opening 0', 'running 0', 'ran 0', 'released 0']);
  });
});
