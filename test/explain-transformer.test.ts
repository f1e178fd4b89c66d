// Why a customer got an answer by a transformer: the events it came of, from the saved model, by the command.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { succeed, testFolder } from './flow/command.ts';
import { MADE_UP_MAPPING, madeUpCsv } from './flow/made-up-csv.ts';

const { dir, write } = testFolder();
const on = (...args: string[]) => [
  ...args,
  '--workspace',
  join(dir, 'shop'),
  '--lang',
  'en',
  '--threads',
  '1',
];

interface Explained {
  margin: number;
  base: number;
  contributions: { contribution: number }[];
  events: {
    method: string;
    read: number;
    base: number;
    events: number;
    asking: number;
    features: number;
    unexplained: number;
    margin: number;
    words: { en: string };
    reasons: { type: string; item_id: string; contribution: number; attention: number }[];
  };
}

test('explain names the events an answer of a transformer came of, which add up to its margin', async () => {
  const orders = write('orders.csv', madeUpCsv({ customers: 100, days: 150 }));
  await succeed(...on('import', orders, '--map', write('map.yaml', MADE_UP_MAPPING)));
  // Small and hardly learned: what is explained is what it answers, not whether it is right.
  await succeed(...on('pretrain', '--steps', '5', '--width', '16', '--blocks', '1', '--horizon', '20d'));
  const how = ['--model', 'transformer:frozen', '--pretrained', 'latest', '--preset', 'fast'];
  await succeed(...on('train', 'purchase', ...how, '--horizon', '20d'));
  const file = join(dir, 'all.csv');
  await succeed(...on('predict', 'purchase', '--out', file, '--top', '1'));
  const [head, first] = readFileSync(file, 'utf8').split('\n');
  const who = first.split(',')[head.split(',').indexOf('user_id')];
  const { stdout } = await succeed(...on('explain', 'purchase', '--entity', who, '--json'));
  const { margin, base, contributions, events } = JSON.parse(stdout) as Explained;
  const sum = contributions.reduce((all, { contribution }) => all + contribution, base);
  expect(sum).toBeCloseTo(margin, 6);
  expect(events).toMatchObject({ method: 'integrated-gradients' });
  expect(events.margin).toBeCloseTo(margin, 4);
  const { base: nothing, events: all, asking, features, unexplained } = events;
  expect(nothing + all + asking + features + unexplained).toBeCloseTo(events.margin, 4);
  expect(Math.abs(unexplained)).toBeLessThan(0.02);
  expect(events.read).toBeGreaterThan(1);
  expect(events.reasons.length).toBeGreaterThan(0);
  const lines = readFileSync(orders, 'utf8').split('\n');
  for (const { type, item_id, attention } of events.reasons) {
    expect(type).toBe('purchase');
    expect(lines.some((line) => line.includes(`,${who},`) && line.includes(`,${item_id},`))).toBe(true);
    expect(attention).toBeGreaterThan(0);
  }
  expect(events.words.en).toContain(`bought ${events.reasons[0].item_id}`);
  const { stdout: told } = await succeed(...on('explain', 'purchase', '--entity', who));
  expect(told).toContain('newest events, because of');
}, 120_000);
