import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { AppError } from '../core/errors.ts';
import { taskNamed } from './catalogue.ts';
import { ownTasks, readTask } from './own.ts';
import { questionOf } from './task.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function workspaceWith(files: Record<string, string>): string {
  const dir = mkdtempSync(join(tmpdir(), 'foresell-tasks-'));
  folders.push(dir);
  mkdirSync(join(dir, 'tasks'));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(dir, 'tasks', file), text);
  return dir;
}

test('a file says everything a task needs', () => {
  const task = readTask(
    `
name: review
label: { en: Review, zh: 评价 }
question: { en: "Will this customer write a review in {horizon} days?", zh: "该客户在 {horizon} 天内会写评价吗？" }
outcome: { events: [review], is: happens }
about: { bought_within_days: 60 }
horizon_days: 14
`,
    'tasks/review.yaml',
  );
  expect(task).toMatchObject({
    name: 'review',
    label: { en: 'Review', zh: '评价' },
    kind: 'binary',
    outcome: 'other',
    horizonDays: 14,
    target: { name: 'review', kind: 'exists', filter: { types: ['review'] } },
    about: { en: 'customers who bought in the last 60 days' },
    extrapolates: false,
  });
  expect(questionOf(task, 14).en).toBe('Will this customer write a review in 14 days?');
  expect(task.recipe).toContain('logistic');
});

test('what is left out has a default, and money is an amount', () => {
  const task = readTask('name: gifts\noutcome: { events: [purchase, refund], is: money }\n', 'x');
  expect(task).toMatchObject({
    kind: 'amount',
    outcome: 'revenue',
    horizonDays: 30,
    label: { en: 'gifts', zh: 'gifts' },
    about: { en: 'everyone known to the shop' },
    target: { kind: 'sum', field: 'net_value' },
  });
  expect(readTask('name: stays\noutcome: { events: purchase, is: does_not_happen }\n', 'x')).toMatchObject({
    kind: 'binary',
    outcome: 'leaves',
    target: { kind: 'not_exists' },
  });
});

const GOOD = 'outcome: { events: [review], is: happens }';
test.each<[string, RegExp]>([
  ['', /expected the keys name, label/],
  ['- a\n- b', /expected the keys/],
  ['name: [', /expected YAML/],
  [GOOD, /name: expected small letters/],
  [`name: Review\n${GOOD}`, /name: expected small letters/],
  [`name: ../up\n${GOOD}`, /name: expected small letters/],
  [`name: review\n${GOOD}\nhorizn_days: 3`, /got "horizn_days"/],
  [`name: review\n${GOOD}\nhorizon_days: 0`, /horizon_days: expected a number above 0/],
  [`name: review\n${GOOD}\nhorizon_days: .nan`, /horizon_days/],
  [`name: review\n${GOOD}\nhorizon_days: .inf`, /horizon_days/],
  [`name: review\n${GOOD}\nhorizon_days: soon`, /horizon_days/],
  [`name: review\n${GOOD}\nlabel: { en: Review }`, /label: expected a text, or \{ en/],
  [`name: review\n${GOOD}\nabout: nobody`, /about: expected everyone/],
  [`name: review\n${GOOD}\nabout: { bought_within_days: -3 }`, /about: expected everyone/],
  ['name: review', /outcome: expected/],
  ['name: review\noutcome: { events: [], is: happens }', /outcome\.events: expected some of/],
  ['name: review\noutcome: { events: [reviews], is: happens }', /outcome\.events: expected some of/],
  ['name: review\noutcome: { is: happens }', /outcome\.events: expected some of/],
  ['name: review\noutcome: { events: [review], is: maybe }', /outcome\.is: expected one of/],
])('%j is refused, naming the file and the key', (text, words) => {
  const read = () => readTask(text, 'tasks/mine.yaml');
  expect(read).toThrow(words);
  expect(read).toThrow(/^tasks\/mine\.yaml: /);
  try {
    read();
  } catch (error) {
    expect((error as AppError).code).toBe('BAD_DEFINITION');
  }
});

test('a workspace’s files are read by name, other files are left alone, and a shop may redefine a task', () => {
  const dir = workspaceWith({
    'b.yaml': `name: second\n${GOOD}`,
    'a.yml': `name: purchase\n${GOOD}\nhorizon_days: 7`,
    'notes.txt': 'not a task',
  });
  const own = ownTasks(dir);
  expect(own.map(({ name }) => name)).toEqual(['purchase', 'second']);
  expect(taskNamed('purchase', own).horizonDays).toBe(7);
  expect(taskNamed('purchase').horizonDays).toBe(30);
  expect(() => taskNamed('third', own)).toThrow(
    /expected next-item, .* or one of the tasks purchase, second, spend, churn, ltv/,
  );
  expect(ownTasks(join(dir, 'elsewhere'))).toEqual([]);
});

test('the same name in two files is refused: one of them would never be asked', () => {
  const dir = workspaceWith({ 'a.yaml': `name: same\n${GOOD}`, 'b.yaml': `name: same\n${GOOD}` });
  expect(() => ownTasks(dir)).toThrow(/tasks\/b\.yaml: name: "same" stands in tasks\/a\.yaml already/);
});
