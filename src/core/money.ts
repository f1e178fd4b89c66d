// Money is an integer of minor units beside its currency; this file knows how many minor units make one.

const THREE_DIGITS = new Set(['BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND']);
const NO_DIGITS = new Set('BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'.split(' '));

/** Decimal digits of a currency (ISO 4217): 2 unless the standard says 0 or 3. */
export function currencyDigits(currency: string): number {
  if (NO_DIGITS.has(currency)) return 0;
  return THREE_DIGITS.has(currency) ? 3 : 2;
}

/** Minor units in one major unit: 100 for CNY, 1 for JPY. */
export const minorPerMajor = (currency: string): number => 10 ** currencyDigits(currency);

export function formatMoney(minor: number, currency: string): string {
  const digits = currencyDigits(currency);
  const major = minor / 10 ** digits;
  return `${major.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })} ${currency}`;
}
