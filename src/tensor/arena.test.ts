// The arena: arrays side by side, and what it refuses.

import { describe, expect, it } from 'vitest';
import { arenaBytes, createArena } from './arena.ts';

describe('arena', () => {
  it('lays zeroed arrays side by side, each on a cache line of its own, none at address 0', () => {
    const arena = createArena(1000);
    const first = arena.floats(3);
    const second = arena.ints(17);
    const third = arena.floats(1);
    expect([first.byteOffset % 64, second.byteOffset - first.byteOffset]).toEqual([0, 64]);
    expect(third.byteOffset - second.byteOffset).toBe(128);
    expect(first.byteOffset).toBeGreaterThan(0);
    expect(arena.bytesUsed).toBe(arenaBytes([3, 17, 1]));
    second.fill(-1);
    expect([...first, ...third]).toEqual([0, 0, 0, 0]);
    expect(first.buffer).toBe(arena.memory.buffer);
  });

  it('holds exactly what it was asked for, and says what was missing', () => {
    const arena = createArena(65_536 * 2);
    arena.floats(32_768 - 16);
    arena.floats(16);
    expect(arena.bytesUsed).toBe(arena.bytesTotal);
    expect(() => arena.floats(1)).toThrow('arena: needed 64 bytes, 0 of 131072 are free');
  });

  it('refuses more than 32-bit addresses reach', () => {
    expect(() => createArena(2 ** 32)).toThrow(
      'arena: expected between 0 and 4294836224 bytes, got 4294967296',
    );
    expect(() => createArena(Number.NaN)).toThrow('got NaN');
  });

  it('reaches beyond 2 GB', () => {
    const arena = createArena(2.5 * 2 ** 30);
    arena.floats(2 ** 29 + 1000);
    const high = arena.floats(4);
    high.set([1, 2, 3, 4]);
    expect(high.byteOffset).toBeGreaterThan(2 ** 31);
    expect([...high]).toEqual([1, 2, 3, 4]);
  });
});
