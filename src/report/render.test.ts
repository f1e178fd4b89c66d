// The whole page: well formed, escaped, both languages, nothing from the network.
import { describe, expect, test } from 'vitest';
import { name } from '../core/name.ts';
import { isMissing, type ReportDocument } from './document.ts';
import { renderReport } from './render.ts';

const score = (value: number, by: number) => ({ value, low: value - by, high: value + by });

const document: ReportDocument = {
  format: 1,
  shop: '<script>alert("shop")</script>',
  madeAt: '2011-09-10T08:00:00Z',
  language: 'en',
  currency: 'GBP',
  tasks: [
    {
      id: 'purchase',
      title: name('Purchase', '购买'),
      question: name('Will they buy in the next 90 days?', '未来 90 天是否购买？'),
      kind: 'binary',
      unit: 'share',
      horizonDays: 90,
      summary: {
        predicted: name('A purchase', '一次购买'),
        population: name('Everyone known', '所有已知客户'),
        customers: 2811,
        advice: [],
      },
      leaderboard: {
        metric: 'roc_auc',
        measuredOn: name('the calibration customers', '校准客户'),
        rows: [
          {
            id: 'logistic',
            label: name('Logistic "x" & <b>', '逻辑回归'),
            role: 'model',
            chosen: true,
            score: score(0.74, 0.02),
            bias: score(-0.031, 0.02),
            fitSeconds: 1.24,
            predictMs: 12,
          },
          {
            id: 'recency',
            label: name('Recency', '最近购买'),
            role: 'baseline',
            chosen: false,
            score: score(0.68, 0.02),
            fitSeconds: 0.01,
          },
        ],
        refused: [{ id: 'bg-nbd', label: name('BG/NBD', 'BG/NBD 模型'), reason: 'needs <frequency>' }],
      },
      metrics: {
        model: {
          id: 'logistic',
          label: name('Logistic', '逻辑回归'),
          scores: { roc_auc: score(0.739, 0.018) },
        },
        baselines: [
          { id: 'recency', label: name('Recency', '最近购买'), scores: { roc_auc: score(0.68, 0.02) } },
        ],
        order: ['roc_auc', 'brier'],
      },
      limits: [],
    },
  ],
};

describe('renderReport', () => {
  const page = renderReport(document);

  test('closes every tag it opens', () => {
    expect(unbalanced(page)).toEqual([]);
  });

  test('escapes what comes from data', () => {
    expect(page).not.toContain('<script>alert');
    expect(page).toContain('&lt;script&gt;alert(&quot;shop&quot;)&lt;/script&gt;');
    expect(page).toContain('Logistic &quot;x&quot; &amp; &lt;b&gt;');
    expect(page).toContain('needs &lt;frequency&gt;');
  });

  test('says so when a baseline is ahead of every model', () => {
    const { leaderboard, ...rest } = document.tasks[0];
    if (!leaderboard || isMissing(leaderboard)) throw new Error('the fixture has a leaderboard');
    const rows = leaderboard.rows.map((row) =>
      row.role === 'baseline' ? { ...row, score: score(0.9, 0.01) } : row,
    );
    const behind = { ...document, tasks: [{ ...rest, leaderboard: { ...leaderboard, rows } }] };
    expect(renderReport(behind).includes('the baseline “Recency” is ahead of every model')).toBe(true);
    expect(page.includes('is ahead of every model')).toBe(false);
  });

  test('names no address to load from', () => {
    expect(page).not.toMatch(/https?:|@import|url\(|<link(?! rel="icon" href="data:,")/);
  });

  test('shows the score with its interval beside the baseline in both languages', () => {
    expect(page).toContain('<span class="value">0.739</span><span class="interval">0.721–0.757</span>');
    expect(page).toContain('ROC 曲线下面积');
    expect(page).toContain('−3.1%');
  });

  test('is the same bytes for the same document', () => {
    expect(renderReport(structuredClone(document))).toBe(page);
  });
});

const VOID = new Set(['meta', 'link', 'br']);

/** Tags that are opened and not closed in order; style and script bodies are skipped. */
function unbalanced(page: string): string[] {
  const body = page
    .replace(/<!doctype html>/, '')
    .replace(/(<style>)[\s\S]*?(<\/style>)/g, '$1$2')
    .replace(/(<script>)[\s\S]*?(<\/script>)/g, '$1$2');
  const open: string[] = [];
  for (const [, close, tag, , rest] of body.matchAll(/<(\/?)([a-z0-9]+)((?:[^>"]|"[^"]*")*?)(\/?)>/g)) {
    if (VOID.has(tag) || rest) continue;
    if (!close) open.push(tag);
    else if (open.pop() !== tag) return [`</${tag}>`];
  }
  return open;
}
