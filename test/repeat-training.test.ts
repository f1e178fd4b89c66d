// A run under a clock is recorded well enough to be repeated without one: same trials, same searches, same bytes.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { succeed, testFolder } from './flow/command.ts';
import { MADE_UP_MAPPING, madeUpCsv } from './flow/made-up-csv.ts';

const { dir, write } = testFolder();
const shop = join(dir, 'shop');

interface Trained {
  model_version: string;
  model: string;
  preset: string;
  trials: string[];
  searches: Record<string, { settings: object; rungs: object[] }[]>;
  leaderboard: {
    rows: { model: string; fit_seconds: number; predict_ms: number }[];
    refused: { model: string }[];
  };
  metrics: object;
}

async function train(...args: string[]): Promise<Trained> {
  const { stdout } = await succeed(
    'train',
    'spend',
    '--workspace',
    shop,
    '--threads',
    '1',
    '--json',
    ...args,
  );
  return JSON.parse(stdout) as Trained;
}

test('a search under a time limit is repeated to the byte from the version it made', async () => {
  const orders = write('orders.csv', madeUpCsv({ customers: 200 }));
  await succeed('import', orders, '--map', write('map.yaml', MADE_UP_MAPPING), '--workspace', shop);
  const first = await train('--model', 'tweedie', '--preset', 'best', '--time-limit', '90s');
  expect(first.preset).toBe('best');
  expect(first.trials).toContain('tweedie');
  // A search whose findings were no better leaves no trace in the model, only the reason.
  const { refused } = first.leaderboard;
  const searched =
    first.searches.tweedie?.[0].settings ?? refused.find(({ model }) => model === 'search of tweedie');
  expect(searched).toBeDefined();
  for (const { fit_seconds, predict_ms } of first.leaderboard.rows) {
    expect(fit_seconds).toBeGreaterThanOrEqual(0);
    expect(predict_ms).toBeGreaterThanOrEqual(0);
  }
  const again = await train('--repeat', 'latest');
  expect(again.trials).toEqual(first.trials);
  expect(again.searches).toEqual(first.searches);
  expect(again.metrics).toEqual(first.metrics);
  const digest = ({ model_version }: Trained) => model_version.split('-')[1];
  expect(digest(again)).toBe(digest(first));
});

test('a preset nobody knows, or a version that is not there, is refused', async () => {
  await expect(train('--preset', 'finest')).rejects.toThrow(/fast, good, best/);
  await expect(train('--repeat', 'v99')).rejects.toThrow(/v99/);
});
