// Questions about what people write to a shop: reviews, searches and chat lines from the lake, each an example at its moment.
import { AppError } from '../core/errors.ts';
import { type Name, name } from '../core/name.ts';
import { DAY_MS, HOUR_MS } from '../core/time.ts';
import type { EventType } from '../data/event.ts';

/** A question about events that carry a text, as plain data. */
export interface TextTask {
  /** As typed on the command line: `satisfaction`. */
  readonly name: string;
  readonly label: Name;
  /** The question in one sentence. */
  readonly question: Name;
  /** What is asked about, in words. */
  readonly about: Name;
  /** Events that teach: the answer is known of them afterwards. */
  readonly taughtBy: readonly EventType[];
  /** Events that are asked about. */
  readonly asked: readonly EventType[];
  /** The column of the event that holds the text. */
  readonly column: 'text' | 'query';
  /** The rating beside the text, or a purchase by the same person in `(t, t + horizon]`. */
  readonly answer: 'rating' | 'purchase';
  /** Of purchases. */
  readonly horizonMs?: number;
  readonly advice: readonly Name[];
  readonly limits: readonly Name[];
}

const NO_EFFECT = name(
  'A probability is a forecast, not an effect: it does not say that an answer or a coupon would change it.',
  '概率是预测而非效果：它并不说明回复或优惠会改变结果。',
);

const SAME_PERSON = name(
  'A purchase counts where the buyer carries the same user id, or the same anonymous id, as the text.',
  '仅当购买者与文本带有相同的用户编号或匿名编号时，才计为购买。',
);

/** Is somebody who writes this content with what they bought? */
export const satisfaction: TextTask = {
  name: 'satisfaction',
  label: name('Satisfaction', '满意度'),
  question: name('How content is the customer who wrote this?', '写下这段文字的客户有多满意？'),
  about: name('reviews and chat messages', '评价与聊天消息'),
  taughtBy: ['review'],
  asked: ['review', 'message'],
  column: 'text',
  answer: 'rating',
  advice: [
    name(
      'Read the lowest first: the words that mattered say what they are about.',
      '优先阅读得分最低的：关键词会说明问题所在。',
    ),
  ],
  limits: [
    name(
      'Learned from reviews: chat messages are shorter and ask more than they judge, so their answers are less sure.',
      '模型学自评价：聊天消息更短、多为提问，因此其结果较不可靠。',
    ),
  ],
};

/** Will a search end in a purchase? */
export const queryPurchase: TextTask = {
  name: 'query-purchase',
  label: name('Purchase after a search', '搜索后购买'),
  question: name(
    'Will whoever typed this query buy within {horizon}?',
    '输入该搜索词的人会在 {horizon} 内购买吗？',
  ),
  about: name('searches', '搜索'),
  taughtBy: ['search'],
  asked: ['search'],
  column: 'query',
  answer: 'purchase',
  horizonMs: DAY_MS,
  advice: [
    name(
      'Queries of high intent deserve the first places and the full stock; those of low intent, better results.',
      '高意向的搜索词应优先保证排位与库存；低意向的搜索词应改进搜索结果。',
    ),
    NO_EFFECT,
  ],
  limits: [SAME_PERSON],
};

/** Will a chat end in a purchase? */
export const messagePurchase: TextTask = {
  name: 'message-purchase',
  label: name('Purchase after a message', '聊天后购买'),
  question: name(
    'Will whoever wrote this message buy within {horizon}?',
    '发送该消息的人会在 {horizon} 内购买吗？',
  ),
  about: name('chat messages', '聊天消息'),
  taughtBy: ['message'],
  asked: ['message'],
  column: 'text',
  answer: 'purchase',
  horizonMs: DAY_MS,
  advice: [name('Answer those about to buy first.', '优先回复即将购买的客户。'), NO_EFFECT],
  limits: [SAME_PERSON],
};

export const TEXT_TASKS: readonly TextTask[] = [satisfaction, queryPurchase, messagePurchase];

export const isTextTask = (task: string): boolean => TEXT_TASKS.some((own) => own.name === task);

/** @throws AppError USAGE naming the tasks there are */
export function textTaskNamed(task: string): TextTask {
  const found = TEXT_TASKS.find((own) => own.name === task);
  if (found) return found;
  const known = TEXT_TASKS.map((own) => own.name).join(', ');
  throw new AppError('USAGE', `expected one of the tasks ${known}, got "${task.slice(0, 40)}"`);
}

/** The question with its horizon filled in. */
export function textQuestionOf({ question }: TextTask, horizonMs: number): Name {
  const isWhole = horizonMs % DAY_MS === 0;
  const amount = Math.round((10 * horizonMs) / (isWhole ? DAY_MS : HOUR_MS)) / 10;
  const unit = isWhole ? 'day' : 'hour';
  return {
    en: question.en.replaceAll('{horizon}', `${amount} ${unit}${amount === 1 ? '' : 's'}`),
    zh: question.zh.replaceAll('{horizon}', `${amount} ${isWhole ? '天' : '小时'}`),
  };
}
