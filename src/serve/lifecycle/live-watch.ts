// A version that was promoted without a trial, as it meets requests: it answers everybody, and the version before stands behind it.
import type { WatchOrder } from '../../registry/watch-order.ts';
import { type Answerer, type AnswerKind, type AskedTogether, partOf, wholeAnswers } from './answer-kind.ts';
import type { AnswerTimes } from './answer-times.ts';
import { createRolloutJudge, type JudgeFigures, type StopVerdict } from './rollout-judge.ts';
import type { ShadowQueue } from './shadow-queue.ts';
import { otherSalt, placeOf, saltOf, subjectOf } from './user-share.ts';

export interface LiveWatch<Question, Answer> {
  readonly order: WatchOrder;
  /** One answer an entity, in order, each by the version it names. @throws what the version before throws */
  answer(question: Question, promoted: Answerer<Question, Answer>): Promise<readonly Answer[]>;
  readonly verdict: StopVerdict | undefined;
  figures(): JudgeFigures;
}

export interface LiveWatchParts<Question extends AskedTogether, Answer> {
  readonly order: WatchOrder;
  readonly kind: AnswerKind<Question, Answer>;
  /** The version that answered before. */
  readonly before: Answerer<Question, Answer>;
  /** What its answers were like; absent where this server did not hear them. */
  readonly times?: AnswerTimes;
  readonly shadows: ShadowQueue;
  /** ms, monotonic. */
  readonly clock?: () => number;
  /** Told once, at the answer after which the version before answers again. */
  readonly onVerdict: (verdict: StopVerdict) => void;
}

/** Of one question, so that what waits stays small. */
const MOST_COMPARED = 50;
const MOST_EVENTS = 1000;
/** Both versions are asked about no more people: what so many do not show is small. */
const MOST_PEOPLE = 5000;

/**
 * Failures and times are held against what the version before was like when it answered; scores against what it says of the same people at
 * the same moments, asked in the shadow, so that other people at another hour are no shift. Nobody hears of a version that
 * fails: the one before answers instead.
 */
export function createLiveWatch<Question extends AskedTogether, Answer>(
  parts: LiveWatchParts<Question, Answer>,
): LiveWatch<Question, Answer> {
  const { order, kind, before, times, shadows, onVerdict, clock = () => performance.now() } = parts;
  const { scoreOf } = kind;
  const judge = createRolloutJudge({
    ...{ limits: order.limits, withLatency: times !== undefined },
    ...(times && { before: times }),
  });
  const seed = saltOf(order.salt);
  const otherSeed = otherSalt(seed);
  const people = new Set<number>();
  let isComparable = scoreOf !== undefined;
  let isStopped = false;

  const look = (): void => {
    if (isStopped || !judge.verdict) return;
    isStopped = true;
    onVerdict(judge.verdict);
  };
  const counted = (isCandidate: boolean, isBad: boolean): void =>
    judge.observe({ isCandidate, isBad, size: 1, scores: [] });

  /** Those nobody has been compared of yet. */
  const newPeople = ({ entities, events }: Question): number[] => {
    const drawn: number[] = [];
    if (!isComparable || people.size >= MOST_PEOPLE || (events?.length ?? 0) > MOST_EVENTS) return drawn;
    for (let at = 0; at < entities.length && drawn.length < MOST_COMPARED; at++) {
      const place = placeOf(subjectOf(entities[at]), seed);
      if (people.has(place)) continue;
      people.add(place);
      drawn.push(at);
    }
    return drawn;
  };
  const compare = (question: Question, answers: readonly Answer[]): void => {
    const drawn = newPeople(question);
    if (drawn.length === 0) return;
    const own = drawn.map((at) => answers[at]);
    const part = { ...partOf(question, drawn), asOf: kind.asOf(own[0]) };
    const scoresOf = (all: readonly Answer[], salt: number) =>
      all.map((answer, row) => ({
        place: placeOf(subjectOf(part.entities[row]), salt),
        score: scoreOf?.(answer) ?? Number.NaN,
      }));
    const ask = async (): Promise<void> => {
      if (isStopped) return;
      const usual = await wholeAnswers(kind, before, part);
      if (isStopped || !isComparable) return;
      counted(false, !usual);
      if (usual) {
        isComparable = usual.every((answer, row) => kind.isSameQuestion?.(own[row], answer) ?? true);
        if (isComparable) judge.compare(scoresOf(own, seed), scoresOf(usual, otherSeed));
      }
      look();
    };
    shadows.offer(ask, () => {
      for (const at of drawn) people.delete(placeOf(subjectOf(question.entities[at]), seed));
    });
  };

  return {
    order,
    async answer(question, promoted) {
      if (isStopped) return before(question);
      const start = clock();
      const answers = await wholeAnswers(kind, promoted, question);
      const ms = clock() - start;
      if (answers) {
        if (!isStopped)
          judge.observe({ isCandidate: true, isBad: false, ms, size: kind.sizeOf(question), scores: [] });
        look();
        compare(question, answers);
        return answers;
      }
      // Where it fails, too, the question was at fault.
      const rescued = await before(question);
      if (!isStopped && rescued.every(kind.isAnswer)) {
        counted(false, false);
        counted(true, true);
        look();
      }
      return rescued;
    },
    get verdict() {
      return judge.verdict;
    },
    figures: () => judge.figures(),
  };
}
