// Counterfactuals as sentences: what would have to be different, and what the answer would be then.
import { type Name, name } from '../core/name.ts';
import type { Counterfactual, Goal, WhatIf } from './counterfactual.ts';
import { predictionWords, type Shown } from './effect-words.ts';

/** `40% or more` / `40% 以上`. */
export function goalWords(goal: Goal, shown: Shown): Name {
  const target = predictionWords('over' in goal ? goal.over : goal.under, shown);
  return 'over' in goal
    ? name(`${target.en} or more`, `达到 ${target.zh} 或更高`)
    : name(`${target.en} or less`, `降到 ${target.zh} 或更低`);
}

/** One answer: `44.0%, if orders were 3 instead of 1 and the channel mail instead of web`. */
export function counterfactualWords({ changes, value }: Counterfactual, shown: Shown): Name {
  const then = predictionWords(value, shown);
  const en = changes.map(({ label, from, to }) => `${label.en} were ${to.en} instead of ${from.en}`);
  const zh = changes.map(({ label, from, to }) => `${label.zh}由 ${from.zh} 变为 ${to.zh}`);
  return name(`${then.en}, if ${listed(en)}`, `若${zh.join('，且')}，则为 ${then.zh}`);
}

/** What stands above the answers, or in their place. */
export function whatIfHeading({ goal, now, reached, mostChanges, answers }: WhatIf, shown: Shown): Name {
  const present = predictionWords(now, shown);
  const wanted = goalWords(goal, shown);
  if (reached)
    return name(
      `now ${present.en}, which is ${wanted.en} already: nothing need change`,
      `现为 ${present.zh}，已${wanted.zh}，无需改变`,
    );
  if (answers.length > 0)
    return name(
      `now ${present.en}; the smallest changes that would make it ${wanted.en}:`,
      `现为 ${present.zh}；使其${wanted.zh}的最小改变：`,
    );
  const columns = mostChanges === 1 ? '1 column' : `${mostChanges} columns`;
  return name(
    `now ${present.en}; no change found of at most ${columns}, to values others have, that would make it ${wanted.en}`,
    `现为 ${present.zh}；改变至多 ${mostChanges} 列（取他人实有的值），未找到能使其${wanted.zh}的办法`,
  );
}

const listed = (items: readonly string[]): string =>
  items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items[items.length - 1]}`;
