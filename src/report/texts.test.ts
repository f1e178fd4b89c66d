// Both languages are complete, and Chinese really is Chinese.
import { describe, expect, test } from 'vitest';
import type { Name } from '../core/name.ts';
import { METRIC_NAMES, RANK_METRIC_KINDS } from '../eval/score.ts';
import { metricWords } from './metric-words.ts';
import { TEXTS } from './texts.ts';
import { CHART_TEXTS } from './texts-charts.ts';
import { GROUP_TEXTS } from './texts-groups.ts';
import { PAGE_TEXTS } from './texts-page.ts';
import { SECTION_TEXTS } from './texts-sections.ts';

const every: [string, Name][] = [
  ...Object.entries(TEXTS),
  ...[...METRIC_NAMES, ...RANK_METRIC_KINDS.map((kind) => `${kind}@50` as const)].flatMap(
    (metric): [string, Name][] => [
      [`${metric} label`, metricWords(metric).label],
      [`${metric} says`, metricWords(metric).says],
    ],
  ),
];
const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, hole]) => hole).sort();

describe.each(every)('%s', (_, { en, zh }) => {
  test('speaks both languages and fills the same holes', () => {
    expect(en).toMatch(/[A-Za-z]/);
    expect(en).not.toMatch(/\p{Script=Han}/u);
    expect(zh).toMatch(/\p{Script=Han}/u);
    expect(zh).not.toMatch(/[a-z]+ [a-z]+ [a-z]+/);
    expect(holes(zh)).toEqual(holes(en));
  });
});

test('no key is written twice', () => {
  const keys = [PAGE_TEXTS, SECTION_TEXTS, CHART_TEXTS, GROUP_TEXTS].flatMap((table) => Object.keys(table));
  expect(new Set(keys).size).toBe(keys.length);
});
