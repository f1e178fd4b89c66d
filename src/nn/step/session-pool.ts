// Sessions of the programs of one training run: opened when first needed, the least recently used let go.

import type { Backend, Session, SessionOptions } from '../../tensor/session/session.ts';

export interface SessionPool {
  /** The open session of program `index`; valid until the next call. */
  session(index: number): Promise<Session>;
  close(): Promise<void>;
}

/**
 * @param models ONNX bytes of each program
 * @param most how many stay open; each keeps memory for all its intermediate tensors
 */
export function createSessionPool(
  backend: Backend,
  models: readonly Uint8Array[],
  { most, ...options }: SessionOptions & { readonly most: number },
): SessionPool {
  // A Map keeps the order of insertion: the first key is the one used longest ago.
  const open = new Map<number, Session>();
  const letGo = async (index: number): Promise<void> => {
    const session = open.get(index);
    open.delete(index);
    await session?.release();
  };
  return {
    async session(index) {
      const known = open.get(index);
      if (known !== undefined) {
        open.delete(index);
        open.set(index, known);
        return known;
      }
      for (const oldest of open.keys()) {
        if (open.size < most) break;
        await letGo(oldest);
      }
      const session = await backend.open(models[index] as Uint8Array, options);
      open.set(index, session);
      return session;
    },
    async close() {
      for (const index of [...open.keys()]) await letGo(index);
    },
  };
}
