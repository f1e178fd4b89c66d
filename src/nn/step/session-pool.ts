// Sessions of the programs of one training run: opened when first needed, the least recently used let go.

import { AppError } from '../../core/errors.ts';
import type { Backend, Session, SessionOptions } from '../../tensor/session/session.ts';

export interface SessionPool {
  /**
   * Works with the session of program `index`, which stays open until `work` is done; several may be at work at once.
   *
   * @throws AppError USAGE after `close`
   */
  use<T>(index: number, work: (session: Session) => Promise<T>): Promise<T>;
  /** Releases every session once its work is done. */
  close(): Promise<void>;
}

interface Slot {
  /** A promise, so that whoever comes while it is being opened waits for the same one. */
  readonly opening: Promise<Session>;
  /** How many work with it. */
  users: number;
  /** Called when nobody works with it any more. */
  onIdle?: () => void;
}

/**
 * @param models ONNX bytes of each program
 * @param most how many stay open; each keeps memory for all its intermediate tensors. More are open only while more work
 */
export function createSessionPool(
  backend: Backend,
  models: readonly Uint8Array[],
  { most, ...options }: SessionOptions & { readonly most: number },
): SessionPool {
  // A Map keeps the order of insertion: the first key is the one used longest ago.
  const slots = new Map<number, Slot>();
  let closed = false;

  const letGo = async (index: number, slot: Slot): Promise<void> => {
    slots.delete(index);
    if (slot.users > 0)
      await new Promise<void>((resolve) => {
        slot.onIdle = resolve;
      });
    const session = await slot.opening.catch(() => undefined);
    await session?.release();
  };
  const makeRoom = (): Promise<unknown> => {
    const tooMany = Math.max(0, slots.size + 1 - most);
    const idle = [...slots].filter(([, { users }]) => users === 0);
    return Promise.all(idle.slice(0, tooMany).map(([index, slot]) => letGo(index, slot)));
  };
  const open = async (index: number): Promise<Session> => {
    await makeRoom();
    return backend.open(models[index] as Uint8Array, options);
  };
  const slotOf = (index: number): Slot => {
    const known = slots.get(index);
    // Nothing is awaited before the slot stands in the map: two calls make one.
    const slot = known ?? { opening: open(index), users: 0 };
    slots.delete(index);
    slots.set(index, slot);
    return slot;
  };

  return {
    async use(index, work) {
      if (closed) throw new AppError('USAGE', 'expected a run that is open, got one that was closed');
      const slot = slotOf(index);
      slot.users++;
      try {
        return await work(await slot.opening);
      } catch (error) {
        // One that cannot be opened now may be later, with more memory free.
        await slot.opening.catch(() => slots.get(index) === slot && slots.delete(index));
        throw error;
      } finally {
        slot.users--;
        if (slot.users === 0) slot.onIdle?.();
      }
    },
    async close() {
      closed = true;
      await Promise.all([...slots].map(([index, slot]) => letGo(index, slot)));
    },
  };
}
