// A made-up but lifelike report, seeded, only for looking at the page: none of its numbers were measured.
import { name } from '../src/core/name.ts';
import { type Random, random } from '../src/core/random.ts';
import type { Cohort, DataQuality, ReportDocument } from '../src/report/document.ts';
import { amountTask, binaryTask } from './report-sample-tasks.ts';

const MONTHS = [
  '2010-12',
  '2011-01',
  '2011-02',
  '2011-03',
  '2011-04',
  '2011-05',
  '2011-06',
  '2011-07',
  '2011-08',
  '2011-09',
];

/** @param seed any integer; the same seed gives the same document */
export function sampleReport(seed: number): ReportDocument {
  const chance = random(seed);
  return {
    format: 1,
    shop: 'Gift & Home Ltd',
    madeAt: '2011-09-10T08:30:00Z',
    language: 'en',
    currency: 'GBP',
    data: dataQuality(chance.fork('data')),
    cohorts: { cohorts: cohorts(chance.fork('cohorts')) },
    tasks: [
      binaryTask('purchase', chance.fork('purchase')),
      amountTask('spend', chance.fork('spend')),
      binaryTask('churn', chance.fork('churn')),
      amountTask('ltv', chance.fork('ltv')),
    ],
    reproduction: {
      command: 'foresell demo --seed 7 --threads 2 --workspace ./foresell-workspace',
      seed: 7,
      threads: 2,
      dataFingerprint: '5f1c6c2e0b0f4d7ea3c19d2f8f6e4b7c9a51d0e2',
      versions: [
        { name: 'foresell', version: '0.1.0' },
        { name: 'node', version: '20.20.2' },
        { name: 'duckdb', version: '1.5.6' },
      ],
      seconds: 87.3,
      facts: [{ label: name('Trials recorded in', '试验记录'), value: 'models/purchase/v1/trials.json' }],
    },
    attribution: name(
      'Data: UCI Online Retail (Chen, Sain and Guo 2012), CC BY 4.0.',
      '数据：UCI Online Retail（Chen、Sain、Guo，2012），CC BY 4.0 许可。',
    ),
  };
}

function dataQuality(chance: Random): DataQuality {
  return {
    rows: 334_054,
    accepted: 327_702,
    duplicates: 3_410,
    quarantined: [
      { code: 'zero_price', reason: name('price is zero', '价格为零'), rows: 1_872 },
      {
        code: 'not_a_product',
        reason: name('postage and fees, not a product', '邮费等非商品行'),
        rows: 1_042,
      },
      { code: 'bad_timestamp', reason: name('date cannot be read', '日期无法识别'), rows: 28 },
    ],
    customers: 3_315,
    items: 3_684,
    orders: 17_410,
    anonymousShare: 0.2493,
    firstEvent: '2010-12-01T08:26:00Z',
    lastEvent: '2011-09-09T17:52:00Z',
    timeZone: 'Europe/London',
    gaps: [
      { firstDay: '2010-12-24', lastDay: '2011-01-03', days: 11 },
      { firstDay: '2011-04-22', lastDay: '2011-04-25', days: 4 },
      { firstDay: '2011-04-29', lastDay: '2011-05-02', days: 4 },
      { firstDay: '2011-05-28', lastDay: '2011-05-30', days: 3 },
    ],
    months: MONTHS.map((month, i) => ({
      month,
      events: Math.round((25_000 + 9_000 * chance.uniform()) * (month === '2011-09' ? 0.4 : 1)),
      customers: Math.round(760 + 260 * chance.uniform()),
      netRevenueMinor: Math.round((52_000_000 + 19_000_000 * chance.uniform()) * (i === 9 ? 0.4 : 1)),
      partial: month === '2011-09' ? true : undefined,
    })),
    findings: [
      {
        severity: 'warning',
        words: name(
          'A quarter of the rows name no customer. They count in totals but cannot be predicted for.',
          '四分之一的行没有客户标识：计入总量，但无法对其预测。',
        ),
      },
      {
        severity: 'note',
        words: name(
          'There are only 282 days: no yearly season can be learned from them.',
          '数据仅 282 天，无法学习年度季节性。',
        ),
      },
      {
        severity: 'good',
        words: name('One currency, one calendar, no future dates.', '币种与日历一致，没有未来日期。'),
      },
    ],
  };
}

function cohorts(chance: Random): Cohort[] {
  return MONTHS.slice(0, 9).map((month, start) => {
    const size = Math.round((start === 0 ? 780 : 330) - 18 * start + 40 * chance.uniform());
    const retained = [1];
    const value = [38_000 + 9_000 * chance.uniform()];
    for (let k = 1; k < 9 - start; k++) {
      retained.push((start === 0 ? 0.36 : 0.22) + 0.05 * chance.normal() * 0.6 - 0.004 * k);
      value.push(value[k - 1] + (start === 0 ? 17_000 : 8_500) * (0.7 + 0.6 * chance.uniform()));
    }
    return { month, customers: size, retained, cumulativeRevenueMinor: value };
  });
}
