// Reviews: a satisfaction per aspect, a rating that sums them up, and sentences that say so in English or Chinese.
import type { Random } from '../../core/random.ts';
import type { CategoryWords } from './words.ts';

export interface Experience {
  /** Of the item, standard normal. */
  readonly quality: number;
  /** Of the customer, standard normal. */
  readonly leniency: number;
  readonly refunded: boolean;
  readonly chinese: boolean;
}

interface Aspect {
  /** Weight in the rating. */
  readonly weight: number;
  /** [bad, so-so, good] sentences; {} stands for the category. */
  readonly en: readonly [readonly string[], readonly string[], readonly string[]];
  readonly zh: readonly [readonly string[], readonly string[], readonly string[]];
}

/** Quality first: it is the aspect the item itself decides. */
const ASPECTS: readonly Aspect[] = [
  {
    weight: 1,
    en: [
      [
        'The {} fell apart within days',
        'Poor workmanship, the {} feels flimsy',
        'The {} is nothing like the picture',
      ],
      ['The {} is all right', 'The {} is average, nothing special'],
      ['The {} is beautifully made', 'Excellent quality, the {} is better than I hoped', 'I love this {}'],
    ],
    zh: [
      ['{}用了几天就坏了', '{}做工很差，很单薄', '{}和图片完全不一样'],
      ['{}还可以', '{}一般般，没什么特别'],
      ['{}做工精致', '{}质量非常好，超出预期', '很喜欢这款{}'],
    ],
  },
  {
    weight: 0.5,
    en: [
      ['delivery took forever', 'the parcel arrived damaged'],
      ['delivery took a few days'],
      ['delivery was fast', 'it came the next day, well packed'],
    ],
    zh: [
      ['物流太慢了', '包装破损，收到时已经压坏'],
      ['物流速度正常'],
      ['物流很快', '第二天就到了，包装严实'],
    ],
  },
  {
    weight: 0.4,
    en: [
      ['far too expensive for what it is', 'not worth the money'],
      ['the price is fair'],
      ['great value for money', 'a bargain at this price'],
    ],
    zh: [['价格太贵，不值这个价', '性价比低'], ['价格合理'], ['性价比很高', '这个价格很划算']],
  },
  {
    weight: 0.4,
    en: [
      ['customer service never answered', 'the staff were rude'],
      ['no contact with customer service'],
      ['customer service was kind and quick', 'they answered every question'],
    ],
    zh: [['客服一直不回复', '客服态度差'], ['没有联系过客服'], ['客服热情，回复很快', '有问必答，服务周到']],
  },
];

/** A rating of 1 … 5 and a text that speaks of quality and up to two further aspects, with the feelings behind it. */
export function writeReview(
  experience: Experience,
  category: CategoryWords,
  random: Random,
): { rating: number; text: string } {
  const base = 0.7 * experience.quality + 0.3 * experience.leniency - (experience.refunded ? 1.5 : 0);
  let sum = 0;
  const phrases: string[] = [];
  const language = experience.chinese ? 'zh' : 'en';
  ASPECTS.forEach((aspect, index) => {
    const feeling = (index === 0 ? base : 0.4 * experience.leniency) + random.normal(0.4, 0.8);
    sum += aspect.weight * feeling;
    if (index > 0 && random.uniform() < 0.5) return;
    const sentences = aspect[language][feeling < -0.3 ? 0 : feeling < 0.4 ? 1 : 2];
    phrases.push(sentences[random.integer(sentences.length)].replace('{}', category[language]));
  });
  const rating = Math.max(1, Math.min(5, Math.round(3.2 + 0.75 * sum)));
  const text = language === 'zh' ? `${phrases.join('，')}。` : `${phrases.join(', ')}.`;
  return { rating, text };
}
