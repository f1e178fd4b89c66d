// Which parameters training moves, and how many numbers that is.

import { AppError } from '../../core/errors.ts';
import { volume } from '../../tensor/type.ts';
import type { ParameterSpec } from '../module.ts';
import type { NameTest } from './pattern.ts';

/** A parameter in the table of what is trained. */
export interface ParameterCount {
  readonly name: string;
  readonly shape: readonly number[];
  readonly count: number;
  readonly trainable: boolean;
}

export interface ParameterTable {
  readonly rows: readonly ParameterCount[];
  readonly trainable: number;
  readonly frozen: number;
}

/** Every parameter with its size, and the sums on both sides; statistics count as frozen. */
export function parameterTable(parameters: readonly ParameterSpec[], trainable: NameTest): ParameterTable {
  const rows = parameters.map(({ name, tensor: { shape }, isStatistic }): ParameterCount => {
    return { name, shape, count: volume(shape), trainable: !isStatistic && trainable(name) };
  });
  const total = (wanted: boolean): number =>
    rows.reduce((sum, row) => sum + (row.trainable === wanted ? row.count : 0), 0);
  return { rows, trainable: total(true), frozen: total(false) };
}

/**
 * The last `count` blocks and all that was declared after them (a last norm, the head); what lies before is frozen.
 *
 * @param parameters as `trace` lists them, in order of asking
 * @throws AppError USAGE when there are fewer blocks
 */
export function lastBlocks(parameters: readonly ParameterSpec[], count: number): NameTest {
  const blocks = parameters
    .map(({ name }) => /(?:^|\.)blocks\.(\d+)\./.exec(name)?.[1])
    .map((n) => Number(n ?? -1));
  const first = Math.max(...blocks, -1) + 1 - count;
  if (!Number.isInteger(count) || count < 1 || first < 0)
    throw new AppError('USAGE', `lastBlocks: expected 1 to ${first + count} blocks, got ${count}`);
  const start = blocks.findIndex((block) => block >= first);
  const moved = new Set(parameters.slice(start).map(({ name }) => name));
  return (name) => moved.has(name);
}
