// One customer's value of one column, and what is typical of it, as a person would write them.
import type { Column, Unit } from '../core/frame.ts';
import { formatMoney } from '../core/money.ts';
import { type Name, name } from '../core/name.ts';
import type { Typical } from './background.ts';

const MINUS = '\u2212';

/** At most `digits` decimals, thousands apart, a true minus sign. */
export const plainNumber = (value: number, digits: number): string =>
  // The added zero turns −0 into 0.
  (Number(value.toFixed(digits)) + 0)
    .toLocaleString('en-US', { maximumFractionDigits: digits })
    .replace('-', MINUS);

/** Minor units as money; less than a minor unit is rounded away. */
export const moneyText = (minor: number, currency: string): string =>
  formatMoney(Math.round(minor) + 0, currency)
    .replace('-', MINUS)
    .trim();

/** A number in its unit, in both languages. @param currency of money in minor units */
export function amountWords(value: number, unit: Unit, currency: string): Name {
  switch (unit) {
    case 'money':
      return same(moneyText(value, currency));
    case 'share':
      return same(`${plainNumber(value * 100, 1)}%`);
    case 'days': {
      const days = plainNumber(value, Math.abs(value) < 10 ? 1 : 0);
      return name(`${days} ${days === '1' ? 'day' : 'days'}`, `${days} 天`);
    }
    case 'count':
      return same(plainNumber(value, 1));
    default:
      return same(plainNumber(value, 2));
  }
}

const MISSING = name('none', '无');

/** What a row has in a column. Texts and vectors are never quoted: they say only that they are there. */
export function valueWords(column: Column, row: number, currency: string): Name {
  switch (column.kind) {
    case 'number': {
      const value = column.values[row];
      return Number.isNaN(value) ? MISSING : amountWords(value, column.unit, currency);
    }
    case 'category':
      return column.codes[row] < 0 ? MISSING : same(column.levels[column.codes[row]]);
    case 'sequence': {
      const length = column.offsets[row + 1] - column.offsets[row];
      return name(`${length} ${length === 1 ? 'entry' : 'entries'}`, `${length} 项`);
    }
    case 'text':
      return column.values[row] === '' ? MISSING : name('written', '有内容');
    case 'vector':
      return name('known', '已知');
  }
}

export function typicalWords(typical: Typical, unit: Unit, currency: string): Name {
  switch (typical.kind) {
    case 'number':
      return amountWords(typical.value, unit, currency);
    case 'level':
      return same(typical.level);
    case 'missing':
    case 'unknown':
      return MISSING;
  }
}

export const isMissing = (column: Column, row: number): boolean =>
  column.kind === 'number'
    ? Number.isNaN(column.values[row])
    : column.kind === 'category'
      ? column.codes[row] < 0
      : column.kind === 'text' && column.values[row] === '';

const same = (text: string): Name => name(text, text);
