// One version on trial as it meets requests: some people are answered by it, or it is asked about them and nobody sees what it says.
import type { RolloutOrder } from '../../registry/rollout.ts';
import { type Answerer, type AnswerKind, type AskedTogether, partOf, wholeAnswers } from './answer-kind.ts';
import { createRolloutJudge, type JudgeFigures, type StopVerdict } from './rollout-judge.ts';
import type { ShadowQueue } from './shadow-queue.ts';
import { otherSalt, placeOf, saltOf, shareOfUsers, subjectOf } from './user-share.ts';

export interface LiveRollout<Question, Answer> {
  readonly order: RolloutOrder;
  /** The version it is held against. */
  readonly incumbentVersion: string;
  /** One answer an entity, in order, each by the version it names. @throws what the incumbent throws */
  answer(question: Question, incumbent: Answerer<Question, Answer>): Promise<readonly Answer[]>;
  readonly verdict: StopVerdict | undefined;
  readonly hasSeenEnough: boolean;
  figures(): RolloutFigures;
  /** From now on the incumbent answers alone. */
  stop(): void;
}

export interface RolloutFigures extends JudgeFigures {
  /** Of shadows: answers to the same questions, candidate less incumbent. */
  readonly compared: {
    readonly pairs: number;
    readonly mean_difference: number | null;
    readonly mean_absolute_difference: number | null;
    /** Questions the candidate was not asked, as there was no time. */
    readonly dropped: number;
  };
}

export interface LiveRolloutParts<Question extends AskedTogether, Answer> {
  readonly order: RolloutOrder;
  readonly incumbentVersion: string;
  readonly kind: AnswerKind<Question, Answer>;
  readonly candidate: Answerer<Question, Answer>;
  readonly shadows: ShadowQueue;
  /** ms, monotonic. */
  readonly clock?: () => number;
  /** Told once, at the answer after which the candidate must not go on. */
  readonly onVerdict: (verdict: StopVerdict) => void;
}

/** Of one question, so that what waits stays small. */
const MOST_SHADOWED = 50;
const MOST_SHADOW_EVENTS = 1000;

export function createLiveRollout<Question extends AskedTogether, Answer>(
  parts: LiveRolloutParts<Question, Answer>,
): LiveRollout<Question, Answer> {
  const { order, kind, candidate, shadows, onVerdict, clock = () => performance.now() } = parts;
  const isShadow = order.mode === 'shadow';
  const judge = createRolloutJudge({ limits: order.limits, withLatency: !isShadow });
  const isDrawn = shareOfUsers(order.salt, order.share);
  const seed = saltOf(order.salt);
  const otherSeed = otherSalt(seed);
  const compared = { pairs: 0, sum: 0, absolute: 0, dropped: 0 };
  let isStopped = false;

  const observe = (
    isCandidate: boolean,
    question: Question,
    got: { readonly ms: number; readonly answers: readonly Answer[] | undefined },
  ): void => {
    if (isStopped) return;
    const { scoreOf } = kind;
    const scores =
      scoreOf && got.answers
        ? got.answers.map((answer, at) => ({
            // A shadow is asked about the very people the incumbent answers.
            place: placeOf(subjectOf(question.entities[at]), isCandidate ? seed : otherSeed),
            score: scoreOf(answer),
          }))
        : [];
    judge.observe({ isCandidate, isBad: !got.answers, ms: got.ms, size: kind.sizeOf(question), scores });
    if (!judge.verdict) return;
    isStopped = true;
    onVerdict(judge.verdict);
  };

  const byIncumbent = async (
    question: Question,
    incumbent: Answerer<Question, Answer>,
  ): Promise<readonly Answer[]> => {
    const start = clock();
    const answers = await incumbent(question);
    const ms = clock() - start;
    observe(false, question, { ms, answers: answers.every(kind.isAnswer) ? answers : undefined });
    return answers;
  };

  /** Nobody hears of a candidate that fails: the incumbent answers instead. Where it fails, too, the question was at fault. */
  const byCandidate = async (
    question: Question,
    incumbent: Answerer<Question, Answer>,
  ): Promise<readonly Answer[]> => {
    const start = clock();
    const answers = await wholeAnswers(kind, candidate, question);
    const ms = clock() - start;
    if (answers) {
      observe(true, question, { ms, answers });
      return answers;
    }
    const rescued = await incumbent(question);
    if (rescued.every(kind.isAnswer)) observe(true, question, { ms, answers: undefined });
    return rescued;
  };

  const inCanary = async (
    question: Question,
    incumbent: Answerer<Question, Answer>,
  ): Promise<readonly Answer[]> => {
    const { entities } = question;
    const drawn: number[] = [];
    for (let at = 0; at < entities.length; at++) if (isDrawn(entities[at])) drawn.push(at);
    if (drawn.length === 0) return byIncumbent(question, incumbent);
    if (drawn.length === entities.length) return byCandidate(question, incumbent);
    const own = new Set(drawn);
    const rest = Array.from(entities.keys()).filter((at) => !own.has(at));
    const answers = new Array<Answer>(entities.length);
    const usual = await byIncumbent(partOf(question, rest), incumbent);
    const tried = await byCandidate(partOf(question, drawn), incumbent);
    rest.forEach((at, row) => {
      answers[at] = usual[row];
    });
    drawn.forEach((at, row) => {
      answers[at] = tried[row];
    });
    return answers;
  };

  const shadow = (question: Question, answers: readonly Answer[]): void => {
    if ((question.events?.length ?? 0) > MOST_SHADOW_EVENTS) return;
    const drawn: number[] = [];
    for (let at = 0; at < answers.length && drawn.length < MOST_SHADOWED; at++)
      if (isDrawn(question.entities[at]) && kind.isAnswer(answers[at])) drawn.push(at);
    if (drawn.length === 0) return;
    const usual = drawn.map((at) => answers[at]);
    const part = { ...partOf(question, drawn), asOf: kind.asOf(usual[0]) };
    const ask = async (): Promise<void> => {
      if (isStopped) return;
      const start = clock();
      const tried = await wholeAnswers(kind, candidate, part);
      const ms = clock() - start;
      observe(false, part, { ms: 0, answers: usual });
      observe(true, part, { ms, answers: tried });
      tried?.forEach((answer, row) => {
        const difference = kind.difference(answer, usual[row]);
        if (Number.isNaN(difference)) return;
        compared.pairs++;
        compared.sum += difference;
        compared.absolute += Math.abs(difference);
      });
    };
    shadows.offer(ask, () => compared.dropped++);
  };

  return {
    order,
    incumbentVersion: parts.incumbentVersion,
    async answer(question, incumbent) {
      if (isStopped) return incumbent(question);
      if (!isShadow) return inCanary(question, incumbent);
      const answers = await incumbent(question);
      shadow(question, answers);
      return answers;
    },
    get verdict() {
      return judge.verdict;
    },
    get hasSeenEnough() {
      return judge.hasSeenEnough;
    },
    figures: () => ({
      ...judge.figures(),
      compared: {
        pairs: compared.pairs,
        mean_difference: compared.pairs > 0 ? compared.sum / compared.pairs : null,
        mean_absolute_difference: compared.pairs > 0 ? compared.absolute / compared.pairs : null,
        dropped: compared.dropped,
      },
    }),
    stop() {
      isStopped = true;
    },
  };
}
