// Every shipped task by its name.
import { AppError } from '../core/errors.ts';
import { churn } from './churn.ts';
import { itemPurchase } from './item-purchase.ts';
import { ltv } from './ltv.ts';
import { purchase } from './purchase.ts';
import { sessionPurchase } from './session-purchase.ts';
import { spend } from './spend.ts';
import type { Task } from './task.ts';
import { TEXT_TASKS } from './text-task.ts';

/** Tasks that are no table of customers. */
const LISTED = ['next-item', ...TEXT_TASKS.map(({ name }) => name)].join(', ');

export const TASKS: readonly Task[] = [purchase, spend, churn, ltv, sessionPurchase, itemPurchase];

/**
 * @param own tasks the shop declared itself; they come first, so a shop may redefine a shipped one
 * @throws AppError USAGE naming the tasks there are
 */
export function taskNamed(name: string, own: readonly Task[] = []): Task {
  const tasks = [...own, ...TASKS];
  const task = tasks.find((candidate) => candidate.name === name);
  if (task) return task;
  const known = [...new Set(tasks.map((candidate) => candidate.name))].join(', ');
  throw new AppError('USAGE', `expected ${LISTED} or one of the tasks ${known}, got "${name.slice(0, 40)}"`);
}
