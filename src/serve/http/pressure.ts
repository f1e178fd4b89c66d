// Back-pressure: how much is under way, and whether the process keeps up; what is too much is refused at once.

export interface PressureLimits {
  /** Requests whose body is read and whose answer is not sent. */
  readonly requests: number;
  /** Bytes of large bodies on their way in, or being handled. */
  readonly bodyBytes: number;
  /** A turn of the event loop that takes longer is a sign of more work than there is time for. */
  readonly turnMs: number;
}

export const DEFAULT_PRESSURE: PressureLimits = { requests: 4000, bodyBytes: 192 * 2 ** 20, turnMs: 12 };

/**
 * Time spent in long turns, one after the other, before requests are refused, ms: a large batch is no overload, nor what has
 * piled up while a model was loaded.
 */
const PATIENCE_MS = 500;
/** So long nothing more has had to be refused before all is let in again, ms. */
const CALM_MS = 100;

export interface Pressure {
  /**
   * Counts a request of this turn of the event loop. False once turns have all been too long for half a second and this one
   * has used half of what a turn may take: the rest of its requests are to be refused, so that they hear of it soon and the
   * others are answered in time.
   */
  arrive(): boolean;
  /** Takes a place among the requests under way; false when there is none. */
  enter(): boolean;
  leave(): void;
  /** Reserves memory for a body; false when there is too little. */
  reserve(bytes: number): boolean;
  release(bytes: number): void;
  readonly requests: number;
  readonly reservedBytes: number;
}

/** @param clock ms, monotonic */
export function createPressure(
  limits: PressureLimits,
  clock: () => number = () => performance.now(),
): Pressure {
  let requests = 0;
  let reserved = 0;
  let isTurnOpen = false;
  let turnStart = 0;
  let longMs = 0;
  let isShedding = false;
  let refusedAt = 0;
  const endTurn = () => {
    isTurnOpen = false;
    const tookMs = clock() - turnStart;
    longMs = tookMs > limits.turnMs ? longMs + tookMs : 0;
    if (isShedding || longMs < PATIENCE_MS) return;
    isShedding = true;
    refusedAt = clock();
  };
  return {
    arrive() {
      if (!isTurnOpen) {
        isTurnOpen = true;
        turnStart = clock();
        setImmediate(endTurn);
        if (isShedding && turnStart - refusedAt > CALM_MS) {
          isShedding = false;
          longMs = 0;
        }
        return true;
      }
      if (!isShedding) return true;
      const nowMs = clock();
      if (nowMs - turnStart < limits.turnMs / 2) return true;
      refusedAt = nowMs;
      return false;
    },
    enter() {
      if (requests >= limits.requests) return false;
      requests++;
      return true;
    },
    leave() {
      requests--;
    },
    reserve(bytes) {
      if (reserved + bytes > limits.bodyBytes) return false;
      reserved += bytes;
      return true;
    },
    release(bytes) {
      reserved -= bytes;
    },
    get requests() {
      return requests;
    },
    get reservedBytes() {
      return reserved;
    },
  };
}
