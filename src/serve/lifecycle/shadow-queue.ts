// Work nobody waits for, done a piece at a time beside the answers, and dropped where there is no time for it.

export interface ShadowQueue {
  /** @param onDropped told where there is no room for it, or no time when its turn comes */
  offer(work: () => Promise<void>, onDropped?: () => void): void;
  readonly waiting: number;
  readonly done: number;
  readonly dropped: number;
  /** What waits is dropped, and nothing more is taken; resolves when what is under way has ended. */
  close(): Promise<void>;
}

export interface ShadowParts {
  /** Pieces that may wait. */
  readonly most?: number;
  /** A turn of the event loop that takes longer says that the process is behind. */
  readonly turnMs?: number;
  /** ms, monotonic. */
  readonly clock?: () => number;
  /** Resolves after so many ms, at the earliest in the next turn of the event loop. */
  readonly wait?: (ms: number) => Promise<void>;
}

const MOST_WAITING = 256;
const TURN_MS = 20;
/** After each piece so many times as long as it took: at most a quarter of one core goes into shadows. */
const REST = 3;

const waitFor = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    if (ms < 1) setImmediate(resolve);
    else setTimeout(resolve, ms).unref();
  });

export function createShadowQueue({
  most = MOST_WAITING,
  turnMs = TURN_MS,
  clock = () => performance.now(),
  wait = waitFor,
}: ShadowParts = {}): ShadowQueue {
  let queue: { readonly work: () => Promise<void>; readonly onDropped: () => void }[] = [];
  let running: Promise<void> | undefined;
  let isClosed = false;
  let done = 0;
  let dropped = 0;
  const dropAll = (): void => {
    for (const { onDropped } of queue) onDropped();
    dropped += queue.length;
    queue = [];
  };
  const run = async (): Promise<void> => {
    for (;;) {
      const turnStart = clock();
      await wait(0);
      if (clock() - turnStart > turnMs) dropAll();
      const next = queue.shift();
      if (!next) return;
      const start = clock();
      await next.work();
      done++;
      await wait(REST * (clock() - start));
    }
  };
  return {
    offer(work, onDropped = () => {}) {
      if (isClosed || queue.length >= most) {
        dropped++;
        onDropped();
        return;
      }
      queue.push({ work, onDropped });
      running ??= run().finally(() => {
        running = undefined;
      });
    },
    get waiting() {
      return queue.length;
    },
    get done() {
      return done;
    },
    get dropped() {
      return dropped;
    },
    async close() {
      isClosed = true;
      dropAll();
      await running;
    },
  };
}
