// A queue whose taker waits: messages in, an orderly loop out.

/** What was put and not yet taken; taking waits. */
export interface Inbox<T> {
  put(item: T): void;
  /** After what was put, takers get undefined. */
  end(): void;
  /** After what was put, takers get this error. */
  fail(error: unknown): void;
  take(): Promise<T | undefined>;
}

/** For one taker at a time. */
export function createInbox<T>(): Inbox<T> {
  const items: T[] = [];
  let outcome: { readonly error?: unknown } | undefined;
  let wake: (() => void) | undefined;
  const woken = (): void => {
    wake?.();
    wake = undefined;
  };
  return {
    put(item) {
      items.push(item);
      woken();
    },
    end() {
      outcome ??= {};
      woken();
    },
    fail(error) {
      outcome ??= { error };
      woken();
    },
    async take() {
      while (items.length === 0 && outcome === undefined)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      if (items.length > 0) return items.shift();
      if (outcome !== undefined && 'error' in outcome) throw outcome.error;
      return undefined;
    },
  };
}
