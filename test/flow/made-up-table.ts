// Small tables with a truth in them, as rows of texts, for tests of any table.
import { random } from '../../src/core/random.ts';

export type Row = Record<string, string>;

/**
 * Rows whose outcome follows from income and plan: the margin is `income/10 − 3 + (plan is pro)`, `spent` is
 * `2·income + 5·(plan is pro) + noise`, `size` is S, M or L by income.
 */
export function madeUpRows(count: number, seed = 1): Row[] {
  const draw = random(seed).fork('made-up table');
  return Array.from({ length: count }, (_, i) => {
    const income = Math.round(draw.uniform() * 600) / 10;
    const pro = draw.uniform() < 0.4;
    const margin = income / 10 - 3 + (pro ? 1 : 0);
    return {
      customer_id: `C-${1000 + i}`,
      income: draw.uniform() < 0.05 ? 'NA' : String(income),
      plan: pro ? 'pro' : 'basic',
      city: ['Leeds', 'York', 'Hull, East', 'Ripon "old"'][draw.integer(4)],
      joined: `2024-0${1 + draw.integer(9)}-1${draw.integer(9)}`,
      empty: '',
      fixed: 'same',
      answered: draw.uniform() < 1 / (1 + Math.exp(-margin)) ? 'yes' : 'no',
      spent: (2 * income + (pro ? 5 : 0) + draw.normal() - 40).toFixed(2),
      size: income < 20 ? 'S' : income < 40 ? 'M' : 'L',
    };
  });
}

export function asCsv(rows: readonly Row[], separator = ','): string {
  const names = Object.keys(rows[0]);
  const cell = (text: string) =>
    text.includes(separator) || /["\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  return `${[names, ...rows.map((row) => names.map((name) => row[name]))]
    .map((cells) => cells.map(cell).join(separator))
    .join('\n')}\n`;
}

export const asNdjson = (rows: readonly Row[]): string =>
  `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`;
