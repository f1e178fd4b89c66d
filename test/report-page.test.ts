// A whole page full of everything: safe against its own data, complete in both languages, readable without eyes.
import { describe, expect, test } from 'vitest';
import { sampleReport } from '../bench/report-sample.ts';
import type { ReportDocument } from '../src/report/document.ts';
import { renderReport } from '../src/report/render.ts';

const document = sampleReport(7);
const page = renderReport(document);
const body = page
  .slice(page.indexOf('<body>'), page.indexOf('</html>'))
  .replace(/<script>[\s\S]*?<\/script>/, '');

describe('a full page', () => {
  test('closes every tag in order', () => {
    const open: string[] = [];
    for (const [, close, tag] of body.matchAll(/<(\/?)([a-z0-9]+)(?:[^>"]|"[^"]*")*>/g)) {
      if (!close) open.push(tag);
      else expect(open.pop()).toBe(tag);
    }
    expect(open).toEqual([]);
  });

  test('shows no number that is not one', () => {
    expect(body).not.toMatch(/NaN|undefined|Infinity|\[object|\bnull\b/);
  });

  test('ids are unique and every link finds its target', () => {
    const ids = [...body.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const links = [...body.matchAll(/href="#([^"]+)"/g)].map(([, link]) => link);
    expect(links.length).toBeGreaterThan(20);
    for (const link of links) expect(ids).toContain(link);
  });

  test('every picture says in words what it shows, and every table has heads', () => {
    for (const [svg] of body.matchAll(/<svg[^>]*>/g)) expect(svg).toMatch(/role="img" aria-label="[^"]+"/);
    const tables = [...body.matchAll(/<table>[\s\S]*?<\/table>/g)].map(([table]) => table);
    for (const table of tables) {
      expect(table).toContain('<th scope="col"');
      expect(table).toContain('<th scope="row"');
    }
    expect(body.match(/class="scroll"[^>]*><table>/g)).toHaveLength(tables.length);
  });

  test('marks stay inside their pictures', () => {
    for (const [, width, height, marks] of body.matchAll(
      /<svg viewBox="0 0 ([\d.]+) ([\d.]+)"[^>]*>([\s\S]*?)<\/svg>/g,
    )) {
      for (const [, x, y] of marks.matchAll(/<circle[^>]* cx="([-\d.]+)" cy="([-\d.]+)"/g)) {
        expect(Number(x)).toBeGreaterThanOrEqual(0);
        expect(Number(x)).toBeLessThanOrEqual(Number(width));
        expect(Number(y)).toBeGreaterThanOrEqual(0);
        expect(Number(y)).toBeLessThanOrEqual(Number(height));
      }
    }
  });

  test('the Chinese half has the same pictures, tables and headings', () => {
    const [, en, zh] = body.split('data-page="');
    for (const tag of ['<svg', '<table', '<h2', '<h3', '<h4', '<li'])
      expect(zh.split(tag).length, tag).toBe(en.split(tag).length);
    expect(zh).toContain('可能');
  });

  test('survives JSON and comes out the same', () => {
    expect(renderReport(JSON.parse(JSON.stringify(document)) as ReportDocument)).toBe(page);
  });
});

describe('against its own data', () => {
  /** Words the page reads rather than shows. */
  const STRUCTURAL = new Set([
    'language',
    'currency',
    'kind',
    'unit',
    'role',
    'metric',
    'metrics',
    'order',
    'severity',
    'verdict',
    'tier',
    'link',
  ]);
  const poison = (value: unknown, key = ''): unknown => {
    if (STRUCTURAL.has(key)) return value;
    if (typeof value === 'string') return `"'><img src=x onerror=alert(1)>${value}`;
    if (Array.isArray(value)) return value.map((entry) => poison(entry, key));
    if (value && typeof value === 'object')
      return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, poison(entry, name)]));
    return value;
  };

  test('markup in any string stays text', () => {
    const poisoned = renderReport(poison(document) as ReportDocument);
    // Booleans, not strings: a failure must not print the whole page.
    expect(poisoned.includes('&lt;img src=x')).toBe(true);
    expect(poisoned.includes('<img')).toBe(false);
    // Inside tags, a quote of ours never ends early.
    for (const [tag] of poisoned.slice(poisoned.indexOf('<body>')).matchAll(/<[a-z](?:[^>"]|"[^"]*")*>/g))
      expect(tag).not.toMatch(/onerror=alert\(1\)>(?!.*")/);
  });

  test('the page allows no script but its own', () => {
    expect(page).toMatch(
      /Content-Security-Policy" content="default-src 'none';[^"]*script-src 'sha256-[\w+/=]+'/,
    );
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(body).not.toMatch(/ on[a-z]+="/);
  });
});

describe('with parts missing', () => {
  test('a bare task keeps its headings and says why each is empty', () => {
    const [task] = document.tasks;
    const { id, title, question, kind, unit, horizonDays, summary } = task;
    const bare = renderReport({
      format: 1,
      shop: 'Shop',
      madeAt: '2011-09-10',
      language: 'zh',
      currency: 'CNY',
      data: { missing: { en: 'nothing was imported', zh: '尚未导入数据' } },
      tasks: [{ id, title, question, kind, unit, horizonDays, summary, limits: [] }],
    });
    expect(bare).toContain('Not available because nothing was imported.');
    expect(bare).toContain('暂不可用，原因：尚未导入数据。');
    expect(bare).toContain('Not available because it was not measured in this run.');
    expect(bare.match(/<h3>/g)?.length).toBeGreaterThan(25);
    expect(bare).toMatch(/<html lang="zh-CN">/);
    expect(bare).toMatch(/lang="en" data-page="en"[^>]* hidden>/);
  });

  test('empty lists draw empty sections, not errors', () => {
    const emptied = JSON.parse(JSON.stringify(document), (key, value) =>
      Array.isArray(value) && !['tasks', 'quantiles'].includes(key) ? [] : value,
    ) as ReportDocument;
    const drawn = renderReport(emptied).replace(/<script>[\s\S]*?<\/script>/, '');
    expect(drawn.slice(drawn.indexOf('<body>'))).not.toMatch(/NaN|undefined|Infinity/);
  });
});
