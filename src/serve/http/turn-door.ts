// How long the event loop works between two looks at what has come, and how many requests of one turn it has time for.

/** ms, monotonic; `idle` is how many of them the loop has slept. */
export interface TurnClock {
  now(): number;
  idle(): number;
}

export const LOOP_CLOCK: TurnClock = {
  now: () => performance.now(),
  idle: () => performance.nodeTiming.idleTime,
};

/**
 * Time spent in long turns, one after the other, before requests are refused, ms: a large batch is no overload, nor what has
 * piled up while a model was loaded.
 */
const PATIENCE_MS = 500;
/** Turns in a row, short and without a refusal, before all is let in again. */
const CALM_TURNS = 10;

export interface TurnDoor {
  /** Whether a request that has come may go on; false once turns are too long and this one has let in what fits into it. */
  arrive(): boolean;
}

/**
 * A turn is all the loop does between two looks at its sockets, answers of requests let in before among it: so what a
 * request costs later counts, too. How many fit follows from how long turns take: fewer in proportion after one that was too
 * long, one more after one that was not and refused some.
 */
export function openTurnDoor(longestMs: number, clock: TurnClock = LOOP_CLOCK): TurnDoor {
  let most = Number.POSITIVE_INFINITY;
  let letIn = 0;
  let hasRefused = false;
  let longMs = 0;
  let calmTurns = 0;
  const judge = (tookMs: number): void => {
    const isLong = tookMs > longestMs;
    if (most === Number.POSITIVE_INFINITY) {
      longMs = isLong ? longMs + tookMs : 0;
      if (longMs >= PATIENCE_MS) most = shortened(letIn, longestMs / tookMs);
      calmTurns = 0;
      return;
    }
    if (isLong) most = shortened(most, Math.max(0.5, longestMs / tookMs));
    else if (hasRefused) most++;
    calmTurns = isLong || hasRefused ? 0 : calmTurns + 1;
    if (calmTurns < CALM_TURNS) return;
    most = Number.POSITIVE_INFINITY;
    longMs = 0;
  };
  const begin = everyTurn(clock, (tookMs) => {
    judge(tookMs);
    letIn = 0;
    hasRefused = false;
  });
  return {
    arrive() {
      begin();
      if (letIn < most) {
        letIn++;
        return true;
      }
      hasRefused = true;
      return false;
    },
  };
}

const shortened = (count: number, share: number): number => Math.max(1, Math.floor(count * share));

/**
 * @param ended hears at the end of each turn in which something came how long the loop worked for it, ms
 * @returns to be called when something comes
 */
function everyTurn({ now, idle }: TurnClock, ended: (tookMs: number) => void): () => void {
  let isCounting = false;
  let hasCome = false;
  let startMs = 0;
  let idleMs = 0;
  const next = (): void => {
    startMs = now();
    idleMs = idle();
    // One that holds nothing up: the loop sleeps, and ends, as if it were not there.
    setImmediate(end).unref();
  };
  const end = (): void => {
    isCounting = hasCome;
    if (!hasCome) return;
    hasCome = false;
    ended(now() - startMs - (idle() - idleMs));
    next();
  };
  return () => {
    hasCome = true;
    if (isCounting) return;
    isCounting = true;
    next();
  };
}
