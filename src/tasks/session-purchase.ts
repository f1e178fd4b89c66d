// Will this visit end in a purchase?
import { name } from '../core/name.ts';
import { everyoneKnown, willBuy } from '../data/labels.ts';
import { MOMENT_RECIPE, PROBABILITY_METRICS, VISIT_BASELINES } from './recipes.ts';
import type { Task } from './task.ts';

/**
 * P(a purchase in `(asOf, end of the visit]`), at an event of a visit that has not bought yet, from what happened at or
 * before it.
 */
export const sessionPurchase: Task = {
  name: 'session-purchase',
  label: name('Purchase in this visit', '本次访问购买'),
  question: name('Will this visit end in a purchase?', '本次访问会以购买结束吗？'),
  about: name('visits that have not bought yet, at a step of them', '尚未购买的访问中的某一步'),
  entity: 'session',
  kind: 'binary',
  outcome: 'other',
  population: everyoneKnown,
  target: willBuy,
  horizonDays: 7,
  shorterDays: [5, 3, 2, 1],
  metrics: PROBABILITY_METRICS,
  recipe: MOMENT_RECIPE,
  baselines: VISIT_BASELINES,
  extrapolates: false,
  advice: [
    name(
      'Help while it matters: an open visit with a good chance is worth a chat window more than a discount.',
      '在关键时刻提供帮助：购买概率较高的访问更适合客服协助，而不是折扣。',
    ),
    name(
      'The answer holds until the next step of the visit, or half an hour of silence.',
      '该答案在访问的下一步之前有效，或在静默半小时后失效。',
    ),
  ],
  limits: [
    name(
      'A visit is a session id, or steps with less than half an hour between them. One that has bought is not asked about again.',
      '一次访问指同一会话编号，或间隔不足半小时的连续步骤。已购买的访问不再询问。',
    ),
    name(
      'Visits that run across the border of two stages of the test are left out.',
      '跨越检验阶段边界的访问不计入。',
    ),
  ],
};
