// Work done again and again while a server runs, one turn after the other.

export interface RepeatedWork {
  start(): void;
  /** Waits for the turn under way; there is none after it. */
  stop(): Promise<void>;
}

/** @param ms between the end of one turn and the beginning of the next */
export function repeatWork(
  ms: number,
  work: () => Promise<void>,
  onTrouble: (error: unknown) => void,
): RepeatedWork {
  let timer: NodeJS.Timeout | undefined;
  let underWay: Promise<void> = Promise.resolve();
  let isStopped = false;
  const start = (): void => {
    timer = setTimeout(() => {
      underWay = work()
        .catch(onTrouble)
        .finally(() => {
          if (!isStopped) start();
        });
    }, ms);
    timer.unref();
  };
  const stop = (): Promise<void> => {
    isStopped = true;
    clearTimeout(timer);
    return underWay;
  };
  return { start, stop };
}
