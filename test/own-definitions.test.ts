// A shop's own questions and features, as YAML files: used from training to explanation, refused by name when wrong.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadBundle } from '../src/registry/bundle.ts';
import { foresell, succeed, testFolder } from './flow/command.ts';
import { MADE_UP_MAPPING, madeUpCsv } from './flow/made-up-csv.ts';

const { dir, write } = testFolder();
const shop = join(dir, 'shop');
const models = join(shop, 'models');
const on = (...args: string[]) => [...args, '--workspace', shop, '--lang', 'en'];

beforeAll(async () => {
  const orders = write('orders.csv', madeUpCsv({ customers: 300 }));
  await succeed(...on('import', orders, '--map', write('map.yaml', MADE_UP_MAPPING)));
});

/** Somebody both tasks ask about. */
let customer: string;

describe('own tasks', () => {
  test('a task file is a question like any other, from check to explain', async () => {
    write(
      'shop/tasks/soon.yaml',
      `
name: soon
label: { en: Buys soon, zh: 近期购买 }
question: { en: "Will this customer buy within {horizon} days?", zh: "该客户在 {horizon} 天内会购买吗？" }
outcome: { events: [purchase], is: happens }
about: { bought_within_days: 120 }
horizon_days: 20
`,
    );
    const { stdout } = await succeed(...on('check'));
    expect(stdout).toMatch(/Buys soon \(soon\): (ready|weak)/);
    const trained = await succeed(...on('train', 'soon', '--model', 'bg-nbd,logistic'));
    expect(trained.stdout).toContain('Buys soon: Will this customer buy within 20 days?');
    const out = join(dir, 'soon.ndjson');
    const predicted = await succeed(...on('predict', 'soon', '--out', out, '--json'));
    expect(JSON.parse(predicted.stdout)).toMatchObject({
      task: 'soon',
      horizon_days: 20,
      unit: 'probability',
    });
    customer = JSON.parse(readFileSync(out, 'utf8').split('\n')[0]).user_id;
    const told = await succeed(...on('explain', 'soon', '--entity', customer, '--json'));
    expect(JSON.parse(told.stdout)).toMatchObject({ task: 'soon', entity: customer });
    // Whoever has not bought in 120 days is not asked about.
    const asked = JSON.parse(predicted.stdout).asked as number;
    expect(asked).toBeGreaterThan(100);
    expect(asked).toBeLessThan(300);
  });

  test('a wrong file names itself and the key, whatever command reads it, and trains nothing', async () => {
    write('shop/tasks/wrong.yml', 'name: wrong\noutcome: { events: [purchases], is: happens }\n');
    for (const command of [['check'], ['train', 'soon'], ['predict', 'soon', '--out', join(dir, 'x.csv')]]) {
      const ended = await foresell(...on(...command));
      expect(ended.code).toBe(1);
      expect(ended.stderr).toMatch(
        /^error: tasks\/wrong\.yml: outcome\.events: expected some of impression, view/,
      );
    }
    expect(existsSync(join(models, 'wrong'))).toBe(false);
    write('shop/tasks/wrong.yml', 'name: wrong\noutcome: { events: [review], is: happens }\n');
    const ended = await foresell(...on('train', 'wrong'));
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/"wrong" cannot be learned from these data: .* 0 with the outcome/);
  });
});

describe('own features', () => {
  test('join the default ones, are learned from, and come back in rules and explanations', async () => {
    const features = write(
      'features.yaml',
      `
features:
  - name: big_orders_21d
    label: { en: Orders of ten and more, zh: 十元以上订单 }
    unit: count
    group: frequency
    kind: distinct
    field: order
    of: purchase
    where: { value: { at_least: 1000 } }
    within: 21d
  - { name: item_seven, kind: count, of: purchase, where: { item_id: s7 } }
  - { name: long_ago, kind: count, of: purchase, within: 150d }
  - { name: looked, kind: count, of: view }
`,
    );
    const trained = await succeed(
      ...on('train', 'spend', '--model', 'tweedie', '--features', features, '--json'),
    );
    expect(JSON.parse(trained.stdout)).toMatchObject({ task: 'spend', model: 'tweedie' });
    expect(trained.stderr).toContain('feature "long_ago" is left out: its window is longer than the history');
    expect(trained.stderr).toContain('feature "looked" is left out: the log has no view events');
    const { view, calibrated } = loadBundle(models, 'spend');
    const names = view.features.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['frequency', 'big_orders_21d', 'item_seven']));
    expect(calibrated.model.inputs).toContain('big_orders_21d');
    const out = join(dir, 'big.ndjson');
    const predicted = await succeed(
      ...on('predict', 'spend', '--out', out, '--segment', 'big_orders_21d >= 1', '--json'),
    );
    const { rows, asked } = JSON.parse(predicted.stdout) as { rows: number; asked: number };
    expect(rows).toBeGreaterThan(0);
    expect(rows).toBeLessThan(asked);
    const told = await succeed(...on('explain', 'spend', '--entity', customer, '--json'));
    expect(told.stdout).toContain('big_orders_21d');
  });

  test.each<[string, string, RegExp]>([
    ['no YAML', 'features: [', /YAML/],
    ['no list', 'name: x', /features/],
    ['an unknown kind', 'features: [{ name: x, kind: median, of: purchase }]', /kind/],
    ['an unknown field', 'features: [{ name: x, kind: sum, field: colour, of: purchase }]', /field/],
    ['an unknown event', 'features: [{ name: x, kind: count, of: buy }]', /of/],
    [
      'a look-back that is none',
      'features: [{ name: x, kind: count, of: purchase, within: long }]',
      /within|span/,
    ],
    ['a key mistyped', 'features: [{ name: x, kind: count, of: purchase, whitin: 3d }]', /whitin/],
    [
      'one name twice',
      'features: [{ name: x, kind: count, of: purchase }, { name: x, kind: count, of: view }]',
      /x/,
    ],
    ['a name that is code', 'features: [{ name: "x; DROP", kind: count, of: purchase }]', /name/],
  ])('%s is refused in words, and nothing is trained', async (_, text, words) => {
    const ended = await foresell(
      ...on('train', 'purchase', '--model', 'rate', '--features', write('bad.yaml', text)),
    );
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/^error: [^A-Z]/);
    expect(ended.stderr).toMatch(words);
    expect(existsSync(join(models, 'purchase'))).toBe(false);
  });
});
