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
/** Turns in a row, short and without a refusal, before all is let in again. */
const CALM_TURNS = 10;

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
  let hasRefused = false;
  let calmTurns = 0;
  const endTurn = () => {
    isTurnOpen = false;
    const tookMs = clock() - turnStart;
    const isLong = tookMs > limits.turnMs;
    if (isShedding) {
      calmTurns = isLong || hasRefused ? 0 : calmTurns + 1;
      if (calmTurns < CALM_TURNS) return;
      isShedding = false;
      longMs = 0;
    } else {
      longMs = isLong ? longMs + tookMs : 0;
      isShedding = longMs >= PATIENCE_MS;
      calmTurns = 0;
    }
  };
  return {
    arrive() {
      if (!isTurnOpen) {
        isTurnOpen = true;
        hasRefused = false;
        turnStart = clock();
        setImmediate(endTurn);
        return true;
      }
      if (!isShedding || clock() - turnStart < limits.turnMs / 2) return true;
      hasRefused = true;
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
