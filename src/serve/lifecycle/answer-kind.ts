// What a trial must know of answers: how much was asked, what is no answer, and how far two of them are apart.
import type { Prediction, RecommendationList } from '../api.ts';
import type { PredictionQuestion, RecommendationQuestion } from '../ports.ts';
import type { Subject } from './user-share.ts';

/** Whom a question is about; a part of it is the same question about fewer. */
export interface AskedTogether {
  readonly entities: readonly Subject[];
  readonly events?: readonly unknown[];
  readonly asOf?: number;
}

/** One answer an entity, in order. */
export type Answerer<Question, Answer> = (question: Question) => Promise<readonly Answer[]>;

export interface AnswerKind<Question extends AskedTogether, Answer> {
  /** How much work a question is, in any unit. */
  sizeOf(question: Question): number;
  /** False for what no shop can use. */
  isAnswer(answer: Answer): boolean;
  /** What two models' answers are told apart by: NaN where somebody is not asked about; absent where scores of two models are of different scales. */
  readonly scoreOf?: (answer: Answer) => number;
  /** False where two versions' scores answer different questions; absent where they never do. */
  isSameQuestion?(one: Answer, other: Answer): boolean;
  /** Candidate less incumbent in the answer's unit, or how much of two lists differs, in [0, 1]; NaN where one has no score. */
  difference(candidate: Answer, incumbent: Answer): number;
  /** UTC ms: the same question asked again at that moment has the same history. */
  asOf(answer: Answer): number;
}

/** Undefined where the version failed, or where one of its answers is none. */
export async function wholeAnswers<Question extends AskedTogether, Answer>(
  { isAnswer }: AnswerKind<Question, Answer>,
  answerer: Answerer<Question, Answer>,
  question: Question,
): Promise<readonly Answer[] | undefined> {
  try {
    const answers = await answerer(question);
    return answers.length === question.entities.length && answers.every(isAnswer) ? answers : undefined;
  } catch {
    return undefined;
  }
}

/** The same question about some of its entities. */
export const partOf = <Question extends AskedTogether>(
  question: Question,
  at: readonly number[],
): Question => ({
  ...question,
  entities: at.map((place) => question.entities[place]),
});

/** A reason costs as much as so many answers of some models. */
const REASON_SIZE = 1000;

const score = ({ value }: Prediction): number => value ?? Number.NaN;

const sameQuestion = (one: Prediction, other: Prediction): boolean =>
  one.horizon_days === other.horizon_days && one.unit === other.unit;

export const PREDICTIONS: AnswerKind<PredictionQuestion, Prediction> = {
  sizeOf: ({ entities, reasons = 0 }) => entities.length * (reasons > 0 ? REASON_SIZE : 1),
  isAnswer: ({ value, not_asked }) => (value === null ? not_asked !== undefined : Number.isFinite(value)),
  scoreOf: score,
  isSameQuestion: sameQuestion,
  difference: (candidate, incumbent) => score(candidate) - score(incumbent),
  asOf: ({ as_of }) => as_of,
};

/** Texts, each an entity of its own: the same text is always on the same side. */
export interface TextsAsked {
  readonly task: string;
  readonly entities: readonly { readonly text: string }[];
  /** So many words that mattered each; none when absent. */
  readonly words?: number;
  readonly events?: undefined;
  readonly asOf?: number;
}

export const TEXTS: AnswerKind<TextsAsked, Prediction> = {
  ...{ scoreOf: score, isAnswer: PREDICTIONS.isAnswer, difference: PREDICTIONS.difference },
  ...{ isSameQuestion: sameQuestion, asOf: PREDICTIONS.asOf },
  /** Characters; each text is asked about again and again for its words. */
  sizeOf: ({ entities, words = 0 }) =>
    entities.reduce((sum, { text }) => sum + text.length, 0) * (words > 0 ? REASON_SIZE : 1),
};

export const LISTS: AnswerKind<RecommendationQuestion, RecommendationList> = {
  sizeOf: ({ entities }) => entities.length,
  isAnswer: ({ items }) => items.length > 0 && items.every(({ score }) => Number.isFinite(score)),
  difference(candidate, incumbent) {
    const own = new Set(incumbent.items.map(({ item_id }) => item_id));
    const most = Math.max(own.size, candidate.items.length);
    if (most === 0) return 0;
    return 1 - candidate.items.filter(({ item_id }) => own.has(item_id)).length / most;
  },
  asOf: ({ as_of }) => as_of,
};
