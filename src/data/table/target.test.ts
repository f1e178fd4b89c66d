// Targets out of cells: amounts too large to be squared are refused, the rest are numbers as they stand.
import { expect, it } from 'vitest';
import { AppError } from '../../core/errors.ts';
import { readTarget } from './target.ts';

const amounts = (...cells: string[]) =>
  readTarget(
    { cells, numbers: Float64Array.from(cells, (cell) => (cell === '' ? Number.NaN : Number(cell))) },
    'spent',
    'regression',
  );

it.each(['1e308', '-1e200'])('an amount of %s is refused before anything is learned', (cell) => {
  expect(() => amounts('1', '', cell)).toThrow(AppError);
  expect(() => amounts('1', '', cell)).toThrow('"spent", 1 of 2 are larger');
});

it('amounts of both signs stay as they are, missing ones NaN', () => {
  expect([...amounts('-3.5', '', '1e12').values]).toEqual([-3.5, Number.NaN, 1e12]);
});
