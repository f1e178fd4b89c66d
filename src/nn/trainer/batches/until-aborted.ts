// A stream that ends when a signal fires, also while its source is stuck.

/**
 * The items until the signal fires; one that is being waited for then is not waited for any longer, and neither is the
 * source's own end.
 */
export async function* untilAborted<T>(
  items: AsyncGenerator<T, void>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void> {
  let isStuck = false;
  try {
    for (;;) {
      const next = await beforeAbort(items.next(), signal);
      isStuck = next === undefined;
      if (next === undefined || next.done) return;
      yield next.value;
    }
  } finally {
    const ended = items.return();
    if (isStuck) ended.catch(() => undefined);
    else await ended;
  }
}

/** What was promised, or undefined when the signal fires first. A listener a promise: one race for all would grow. */
function beforeAbort<T>(promised: Promise<T>, signal: AbortSignal | undefined): Promise<T | undefined> {
  if (signal === undefined) return promised;
  return new Promise((resolve, reject) => {
    const abort = (): void => resolve(undefined);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promised.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
