// One lake, one currency: decides which, and refuses a mixture that nobody gave exchange rates for.
import { AppError } from '../../core/errors.ts';
import type { Engine } from '../engine.ts';
import { asText, compileExpression } from './expression-sql.ts';
import type { ReadableFile } from './file.ts';
import type { Mapping } from './mapping.ts';
import type { MoneyPlan } from './money-sql.ts';
import { rawRows } from './relation.ts';

const CODE = /^[A-Z]{3}$/;

/**
 * @param lake  the lake's currency so far, empty when it has none
 * @throws AppError BAD_MAPPING when there is money without a currency, BAD_DATA for a mixture without rates
 */
export async function planMoney(
  engine: Engine,
  files: readonly ReadableFile[],
  mapping: Mapping,
  lake: string,
): Promise<MoneyPlan> {
  const { exchange } = mapping.money;
  const hasMoney = ['price', 'amount', 'price_minor'].some((target) => mapping.columns[target]);
  if (!hasMoney) return { currency: lake, exchange };
  const rule = mapping.columns.currency;
  if (!rule) {
    if (lake !== '') return { currency: lake, exchange };
    throw new AppError(
      'BAD_MAPPING',
      'expected a currency beside the price: add "currency: { constant: EUR }" or name the column that holds it',
    );
  }
  const found =
    rule.value.kind === 'text'
      ? [rule.value.value.toUpperCase()]
      : await currenciesOf(engine, files, mapping);
  const strange = found.filter((code) => !CODE.test(code)).length;
  if (strange > 0) {
    throw new AppError(
      'BAD_DATA',
      `expected currency codes of three letters such as EUR, ${strange} other ${strange === 1 ? 'text stands' : 'texts stand'} in the currency column; translate them with "map"`,
    );
  }
  const strangers = found.filter((code) => code !== lake && exchange[code] === undefined);
  if (lake !== '' && strangers.length === 0) return { currency: lake, exchange };
  if (lake === '' && strangers.length === 1) return { currency: strangers[0], exchange };
  if (lake === '' && strangers.length === 0) {
    if (found.length === 0) return { currency: '', exchange };
    throw new AppError(
      'BAD_DATA',
      'every currency of the file has an exchange rate, but into which currency is not said: set "currency" in foresell.yaml',
    );
  }
  throw new AppError(
    'BAD_DATA',
    lake === ''
      ? `expected one currency, the file has ${found.sort().join(', ')}: give rates under money.exchange in the mapping for all but one`
      : `expected money in ${lake}, the file has ${found.sort().join(', ')}: give rates into ${lake} for ${strangers.sort().join(', ')} under money.exchange in the mapping`,
    { found, lake },
  );
}

async function currenciesOf(
  engine: Engine,
  files: readonly ReadableFile[],
  mapping: Mapping,
): Promise<string[]> {
  const rule = mapping.columns.currency;
  const found = new Set<string>();
  for (const file of files) {
    const rows = await rawRows(engine, file, mapping);
    const names: string[] = [];
    const value = compileExpression(rule.value, (name) => {
      names.push(name);
      return `nullif(trim(${rows.column(name)}), '')`;
    });
    const result = await engine.rows<{ currency: string | null }>(
      `SELECT DISTINCT ${asText(value)} AS currency FROM ${rows.relation()} LIMIT 200`,
    );
    for (const { currency } of result) {
      if (currency === null || mapping.file.missing.includes(currency)) continue;
      found.add((rule.map?.[currency.toLowerCase()] ?? currency).toUpperCase());
    }
  }
  return [...found];
}
