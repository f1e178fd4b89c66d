// Checkpoints: every bit comes back, every damage is seen, and no failing disk loses the one before.
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../core/errors.ts';
import { decodeCheckpoint, encodeCheckpoint, type TrainingState } from './checkpoint-file.ts';
import {
  bestCheckpoint,
  checkpointSteps,
  latestCheckpoint,
  readCheckpoint,
  saveCheckpoint,
} from './checkpoint-folder.ts';
import { type Disk, nodeDisk } from './disk.ts';
import { readSafeTensors, writeSafeTensors } from './safetensors.ts';
import { storeArray } from './stored-tensor.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'foresell-checkpoint-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const stateAt = (step: number, bestStep?: number): TrainingState => ({
  arrays: {
    'block0.query': Float32Array.of(step, -0, Number.NaN, 1e-45),
    'adam.block0.query.mean': Float64Array.of(step / 3),
    positions: Int32Array.of(step, -7),
  },
  loop: { epoch: 2, position: step, seed: 42, plateau: { best: 0.125, waited: 3 }, note: '"sha256":"é' },
  step,
  ...(bestStep === undefined ? {} : { bestStep }),
});

const bytesOf = (state: TrainingState): Buffer => Buffer.concat(encodeCheckpoint(state));

const file = (step: number): string =>
  join(folder, `checkpoint-${String(step).padStart(9, '0')}.safetensors`);

/** For a folder in which nothing should be damaged. */
const noWarning = (line: string): never => {
  throw new Error(line);
};

const refusal = (work: () => unknown): { code: string; message: string } => {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

describe('a checkpoint file', () => {
  it('gives back every bit of the state', () => {
    const state = stateAt(7, 5);
    const back = decodeCheckpoint(bytesOf(state), 'c');
    expect(back).toEqual(state);
    for (const [name, values] of Object.entries(state.arrays)) {
      const again = back.arrays[name];
      expect(Buffer.from(again.buffer, again.byteOffset, again.byteLength)).toEqual(
        Buffer.from(values.buffer),
      );
    }
    expect(decodeCheckpoint(bytesOf(stateAt(7)), 'c')).not.toHaveProperty('bestStep');
  });

  it('is the same bytes for the same state, whatever the order of its arrays', () => {
    const { arrays, ...rest } = stateAt(7);
    const reversed = Object.fromEntries(Object.entries(arrays).reverse());
    expect(bytesOf({ ...rest, arrays: reversed }).equals(bytesOf(stateAt(7)))).toBe(true);
  });

  it('holds only the part of a longer array that the state shows', () => {
    const arena = Float32Array.of(1, 2, 3, 4, 5);
    const back = decodeCheckpoint(bytesOf({ ...stateAt(1), arrays: { w: arena.subarray(1, 3) } }), 'c');
    expect(back.arrays.w).toEqual(Float32Array.of(2, 3));
  });

  it('is readable by any reader of safetensors', () => {
    const { tensors, metadata } = readSafeTensors(bytesOf(stateAt(3)));
    expect([...tensors.keys()].sort()).toEqual(['adam.block0.query.mean', 'block0.query', 'positions']);
    expect(metadata).toMatchObject({ format: 'foresell-checkpoint', format_version: '1' });
  });

  it('is refused when any one bit of it is changed', () => {
    const whole = bytesOf(stateAt(7, 5));
    fc.assert(
      fc.property(fc.nat(whole.length * 8 - 1), (bit) => {
        const damaged = Buffer.from(whole);
        damaged[bit >> 3] ^= 1 << (bit & 7);
        expect(['BAD_FILE', 'TAMPERED', 'VERSION']).toContain(
          refusal(() => decodeCheckpoint(damaged, 'c')).code,
        );
      }),
      { seed: 6, numRuns: 2000 },
    );
  });

  it('is refused wherever it is cut', () => {
    const whole = bytesOf(stateAt(7));
    for (let length = 0; length < whole.length; length++) {
      expect(refusal(() => decodeCheckpoint(whole.subarray(0, length), 'c')).code).toBe('BAD_FILE');
    }
  });

  it('says what is wrong with a file that is none', () => {
    const other = writeSafeTensors({ w: storeArray(Float32Array.of(1)) });
    expect(refusal(() => decodeCheckpoint(other, 'model.safetensors')).message).toBe(
      'model.safetensors: expected a training checkpoint, got another safetensors file',
    );
    const later = { format: 'foresell-checkpoint', format_version: '2', product_version: '9.1.0' };
    expect(refusal(() => decodeCheckpoint(writeSafeTensors({}, later), 'c'))).toMatchObject({
      code: 'VERSION',
      message: 'c: expected checkpoint format 1, got 2, written by version 9.1.0; resume with that version',
    });
  });
});

describe('a folder of checkpoints', () => {
  it('gives the newest', () => {
    expect(latestCheckpoint(join(folder, 'none'), noWarning)).toBeUndefined();
    expect(latestCheckpoint(folder, noWarning)).toBeUndefined();
    for (const step of [9, 10, 1_000_000_000]) saveCheckpoint(folder, stateAt(step), { keep: 3 });
    expect(checkpointSteps(folder)).toEqual([9, 10, 1_000_000_000]);
    expect(latestCheckpoint(folder, noWarning)).toEqual(stateAt(1_000_000_000));
  });

  it('keeps the newest and the best, and nothing else', () => {
    for (let step = 1; step <= 9; step++)
      saveCheckpoint(folder, stateAt(step, Math.min(step, 3)), { keep: 2 });
    expect(readdirSync(folder).sort()).toEqual([3, 8, 9].map((step) => file(step).slice(folder.length + 1)));
    expect(bestCheckpoint(folder, noWarning)).toEqual(stateAt(3, 3));
    saveCheckpoint(folder, stateAt(10, 10), { keep: 1 });
    expect(checkpointSteps(folder)).toEqual([10]);
    expect(bestCheckpoint(folder, noWarning)?.step).toBe(10);
  });

  it('keeps the best that a checkpoint we may fall back to names', () => {
    for (const [step, best] of [
      [1, 1],
      [2, 1],
      [3, 3],
    ])
      saveCheckpoint(folder, stateAt(step, best), { keep: 2 });
    writeFileSync(file(3), 'torn');
    const lines: string[] = [];
    expect(bestCheckpoint(folder, (line) => lines.push(line))?.step).toBe(1);
    expect(lines).toHaveLength(1);
  });

  it('falls back to the one before a torn one, with a line that says so', () => {
    saveCheckpoint(folder, stateAt(1));
    saveCheckpoint(folder, stateAt(2));
    writeFileSync(file(2), readFileSync(file(2)).subarray(0, -3));
    const lines: string[] = [];
    expect(latestCheckpoint(folder, (line) => lines.push(line))).toEqual(stateAt(1));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('checkpoint of step 2 cannot be used, trying the one before it');
    expect(lines[0]).toContain('tensor "positions" ends at byte 32 of 29');
    expect(lines[0]).not.toContain(folder);
  });

  it('does not begin again from nothing when every checkpoint is damaged', () => {
    saveCheckpoint(folder, stateAt(1));
    const damaged = readFileSync(file(1));
    damaged[damaged.length - 1] ^= 1;
    writeFileSync(file(1), damaged);
    const lines: string[] = [];
    expect(refusal(() => latestCheckpoint(folder, (line) => lines.push(line)))).toMatchObject({
      code: 'TAMPERED',
      message:
        'checkpoint-000000001.safetensors: its bytes do not give the sum written in it; restore or delete it',
    });
    expect(lines).toHaveLength(1);
  });

  it('drops what a run left that went further from an earlier checkpoint', () => {
    for (const step of [10, 20, 30]) saveCheckpoint(folder, stateAt(step), { keep: 3 });
    writeFileSync(file(30), 'torn');
    saveCheckpoint(folder, stateAt(25), { keep: 3 });
    expect(checkpointSteps(folder)).toEqual([10, 20, 25]);
    expect(latestCheckpoint(folder, noWarning)?.step).toBe(25);
  });

  it('passes over files of others', () => {
    writeFileSync(join(folder, 'checkpoint-1.safetensors'), '');
    writeFileSync(join(folder, 'checkpoint-000000005.safetensors.bak'), '');
    writeFileSync(join(folder, 'checkpoint.partial'), 'left by a kill');
    expect(checkpointSteps(folder)).toEqual([]);
    saveCheckpoint(folder, stateAt(1));
    expect(readdirSync(folder).sort()).toEqual([
      'checkpoint-000000001.safetensors',
      'checkpoint-000000005.safetensors.bak',
      'checkpoint-1.safetensors',
    ]);
  });

  it('says which checkpoint is missing', () => {
    expect(refusal(() => readCheckpoint(file(4)))).toMatchObject({
      code: 'NOT_FOUND',
      message: 'expected a checkpoint checkpoint-000000004.safetensors, found none',
    });
  });

  it('takes a folder for no checkpoint', () => {
    mkdirSync(file(5));
    expect(refusal(() => readCheckpoint(file(5)))).toMatchObject({
      code: 'BAD_FILE',
      message: 'expected a checkpoint checkpoint-000000005.safetensors, got a folder; name the file in it',
    });
    saveCheckpoint(folder, stateAt(1));
    expect(checkpointSteps(folder)).toEqual([1]);
  });
});

describe('a failing disk', () => {
  /** Fails from its n-th operation on, `lasting` or once; a write that fails leaves half of its bytes. */
  function failingDisk(n: number, lasting: boolean): Disk & { operations(): number } {
    let done = 0;
    const attempt = (work: () => void, half?: () => void): void => {
      done++;
      if (done === n || (lasting && done > n)) {
        half?.();
        throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
      }
      work();
    };
    return {
      makeFolder: (path) => attempt(() => nodeDisk.makeFolder(path)),
      writeFile: (path, parts) =>
        attempt(
          () => nodeDisk.writeFile(path, parts),
          () => {
            const whole = Buffer.concat(parts);
            writeFileSync(path, '');
            appendFileSync(path, whole.subarray(0, whole.length / 2));
          },
        ),
      rename: (from, to) => attempt(() => nodeDisk.rename(from, to)),
      removeFile: (path) => attempt(() => nodeDisk.removeFile(path)),
      syncFolder: (path) => attempt(() => nodeDisk.syncFolder(path)),
      operations: () => done,
    };
  }

  for (const lasting of [false, true]) {
    it(`never loses the checkpoint before, whichever write fails ${lasting ? 'with all after it' : 'once'}`, () => {
      const count = failingDisk(Number.POSITIVE_INFINITY, lasting);
      const before = [stateAt(1, 1), stateAt(2, 1), stateAt(3, 1)];
      const save = (disk: Disk) => saveCheckpoint(folder, stateAt(4, 1), { keep: 2, disk });
      for (const state of before) saveCheckpoint(folder, state, { keep: 2 });
      save(count);
      expect(count.operations()).toBe(5); // folder, write, rename, sync, one outdated file
      for (let n = 1; n <= count.operations(); n++) {
        rmSync(folder, { recursive: true });
        for (const state of before) saveCheckpoint(folder, state, { keep: 2 });
        expect(refusal(() => save(failingDisk(n, lasting)))).toMatchObject({ code: 'DISK' });
        const latest = latestCheckpoint(folder, noWarning);
        expect(latest).toEqual(n <= 3 ? stateAt(3, 1) : stateAt(4, 1));
        expect(bestCheckpoint(folder, noWarning)).toEqual(stateAt(1, 1));
        save(nodeDisk);
        expect(readdirSync(folder)).toEqual([1, 3, 4].map((step) => file(step).slice(folder.length + 1)));
      }
    });
  }
});
