// The --what-if part of explain: its options read, its answers printed.
import type { Command } from 'commander';
import { AppError } from '../core/errors.ts';
import type { Goal } from '../explain/counterfactual.ts';
import type { ToldWhatIf, WhatIfAsked } from '../serve/what-if.ts';
import type { Context } from './context.ts';

const MOST_CHANGES = 5;

export const withWhatIf = (command: Command): Command =>
  command
    .option('--what-if', 'the smallest changes that would move the answer across a goal')
    .option('--above <value>', 'the goal: at least this (default: the middle answer, from where it is)')
    .option('--below <value>', 'the goal: at most this')
    .option('--immutable <columns>', 'columns that may not change, such as country,first_channel')
    .option('--only-rise <columns>', 'columns that can only grow, such as days_known')
    .option('--only-fall <columns>', 'columns that can only shrink')
    .option('--changes <count>', 'columns changed together at most, 1 to 5 (default: 3)');

/**
 * What `--what-if` asks; undefined when it is not given.
 *
 * @param perUnit of the prediction's unit: 100 for euros in cents, 1 for probabilities
 * @throws AppError USAGE
 */
export function whatIfOf(
  options: Record<string, unknown>,
  perUnit: number,
): Omit<WhatIfAsked, 'row'> | undefined {
  const { above, below, immutable, onlyRise, onlyFall, changes } = options;
  if (options.whatIf !== true) {
    if ([above, below, immutable, onlyRise, onlyFall, changes].every((given) => given === undefined))
      return undefined;
    throw new AppError(
      'USAGE',
      '--above, --below, --immutable, --only-rise, --only-fall and --changes go with --what-if',
    );
  }
  if (above !== undefined && below !== undefined)
    throw new AppError('USAGE', 'expected --above or --below, got both');
  const goal: Goal | undefined =
    above !== undefined
      ? { over: amountOf('--above', above) * perUnit }
      : below !== undefined
        ? { under: amountOf('--below', below) * perUnit }
        : undefined;
  return {
    ...(goal && { goal }),
    limits: { immutable: listOf(immutable), onlyRise: listOf(onlyRise), onlyFall: listOf(onlyFall) },
    ...(changes !== undefined && { mostChanges: countOf(changes) }),
  };
}

function amountOf(option: string, given: unknown): number {
  const amount = Number(given);
  if (given !== '' && Number.isFinite(amount)) return amount;
  throw new AppError('USAGE', `${option}: expected a number in the unit of the prediction, got "${given}"`);
}

function countOf(given: unknown): number {
  const count = Number(given);
  if (Number.isInteger(count) && count >= 1 && count <= MOST_CHANGES) return count;
  throw new AppError('USAGE', `--changes: expected 1 to ${MOST_CHANGES}, got "${given}"`);
}

const listOf = (given: unknown): readonly string[] =>
  given === undefined
    ? []
    : String(given)
        .split(',')
        .map((word) => word.trim())
        .filter((word) => word !== '');

/** As `--json` prints it. */
export function whatIfDocument({ found, words }: ToldWhatIf, perUnit: number) {
  const { goal, now, reached, mostChanges, answers } = found;
  return {
    goal: 'over' in goal ? { above: goal.over / perUnit } : { below: goal.under / perUnit },
    now: now / perUnit,
    reached,
    most_changes: mostChanges,
    answers: answers.map(({ value, distance, changes }, at) => ({
      value: value / perUnit,
      distance,
      changes: changes.map((change) => ({ column: change.column, from: change.from, to: change.to })),
      words: words[at],
    })),
  };
}

export function sayWhatIf(context: Context, { heading, words }: ToldWhatIf): void {
  context.say(`\n${context.word(heading)}`);
  for (const each of words) context.say(`  · ${context.word(each)}`);
}
