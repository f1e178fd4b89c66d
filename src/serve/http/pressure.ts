// Back-pressure: how much is under way, and whether the process keeps up; what is too much is refused at once.
import { openQuestionLine, type QuestionLine } from './question-line.ts';
import { LOOP_CLOCK, openTurnDoor, type TurnClock, type TurnDoor } from './turn-door.ts';

export interface PressureLimits {
  /** Requests whose body is read and whose answer is not sent. */
  readonly requests: number;
  /** Bytes of large bodies on their way in, or being handled. */
  readonly bodyBytes: number;
  /** A turn of the event loop that works longer is a sign of more work than there is time for. */
  readonly turnMs: number;
  /** What a question may take, once many are under way, before its answer comes too late: longer than people take for at once. */
  readonly questionMs: number;
}

export const DEFAULT_PRESSURE: PressureLimits = {
  ...{ requests: 4000, bodyBytes: 192 * 2 ** 20 },
  ...{ turnMs: 12, questionMs: 100 },
};

export interface Pressure extends TurnDoor {
  /** Takes a place among the requests under way; false when there is none. */
  enter(): boolean;
  leave(): void;
  readonly questions: QuestionLine;
  /** Reserves memory for a body; false when there is too little. */
  reserve(bytes: number): boolean;
  release(bytes: number): void;
  readonly requests: number;
  readonly reservedBytes: number;
}

export function createPressure(limits: PressureLimits, clock: TurnClock = LOOP_CLOCK): Pressure {
  let requests = 0;
  let reserved = 0;
  return {
    ...openTurnDoor(limits.turnMs, clock),
    questions: openQuestionLine(limits.questionMs, clock.now),
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
