// Questions under way, wherever they are worked on: no more than are answered in time, once none is.

/** No question was answered in time for so long before some are refused, ms; and none is refused for so long before all are let in. */
const PATIENCE_MS = 500;
/** So many are never too many: each is worked on, or next. */
const FEW = 16;

export interface QuestionLine {
  /**
   * Whether one more would be answered in time. False once for half a second not even the quickest answer was, as many are
   * under way as were answered in the time a question has (Little's law), and these are not few.
   */
  isOpen(): boolean;
  begin(): void;
  /** @param tookMs since it began */
  end(tookMs: number): void;
}

/**
 * The quickest answer tells a line that stands from a burst and from questions that are long by nature, as in CoDel.
 *
 * @param inTimeMs what a question may take
 * @param now ms, monotonic
 * @see Nichols and Jacobson 2012, Controlling queue delay
 */
export function openQuestionLine(inTimeMs: number, now: () => number): QuestionLine {
  let underWay = 0;
  let isLate = false;
  let most = FEW;
  let startMs = now();
  let answered = 0;
  let quickestMs = Number.POSITIVE_INFINITY;
  let hasRefused = false;
  const look = (): void => {
    const nowMs = now();
    if (nowMs - startMs < PATIENCE_MS) return;
    isLate = isLate ? hasRefused : underWay >= FEW && quickestMs > inTimeMs;
    most = Math.max(FEW, Math.round((answered * inTimeMs) / (nowMs - startMs)));
    startMs = nowMs;
    answered = 0;
    quickestMs = Number.POSITIVE_INFINITY;
    hasRefused = false;
  };
  return {
    isOpen() {
      look();
      if (!isLate || underWay < most) return true;
      hasRefused = true;
      return false;
    },
    begin() {
      underWay++;
    },
    end(tookMs) {
      underWay--;
      answered++;
      quickestMs = Math.min(quickestMs, tookMs);
    },
  };
}
