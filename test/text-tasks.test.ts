// Questions about a shop's texts from the command line: satisfaction, purchases after searches and after messages.
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { listFiles } from '../src/data/disk.ts';
import { foresell, succeed, testFolder } from './flow/command.ts';
import { madeUpTexts, TELLING, TEXTS_FROM_MS, TEXTS_HEAD, TEXTS_MAPPING } from './flow/made-up-texts.ts';
import { layPulledEncoder, PULLED } from './flow/pulled-encoder.ts';

const { dir, write } = testFolder();
const DAY = 86_400_000;
const shop = join(dir, 'shop');
const on = (...args: string[]) => [...args, '--workspace', shop, '--lang', 'en', '--threads', '1'];
/** As little of an encoder as answers at all: what is tested is the way from the log to the answers. */
const BRIEFLY = ['--set', 'epochs=2,members=1,length=16'];
const OWN = ['--own', 'width=16,blocks=1,heads=2,length=16,vocabulary=300,steps=20', ...BRIEFLY];
/** One as a hub has it: tiny, its weights at random. */
const FETCHED = ['--encoder', PULLED, ...BRIEFLY];

const until = (days: number): string => new Date(TEXTS_FROM_MS + days * DAY).toISOString().slice(0, 10);
const load = async (lines: readonly string[], place = shop) => {
  const file = write(`texts${Math.random()}.csv`, `${[TEXTS_HEAD, ...lines].join('\n')}\n`);
  await succeed('import', file, '--map', write('texts.yaml', TEXTS_MAPPING), '--workspace', place);
};
interface Trained {
  readonly model: string;
  readonly model_version: string;
  readonly leaderboard: { readonly rows: readonly { readonly model: string }[] };
  readonly metrics: Readonly<Record<string, { readonly value: number }>>;
  readonly baselines: Readonly<Record<string, Readonly<Record<string, { readonly value: number }>>>>;
  readonly protocol: Readonly<Record<string, unknown>>;
  readonly texts: { readonly read: number; readonly learned_from: number; readonly tested: number };
}
async function train(task: string, ...options: string[]): Promise<Trained> {
  const { stdout } = await succeed(...on('train', task, '--as-of', until(90), '--json', ...options));
  return JSON.parse(stdout) as Trained;
}
type Row = Readonly<Record<string, string | number | null>>;
async function predict(task: string, place: string, ...options: string[]): Promise<readonly Row[]> {
  const out = join(dir, `answers${Math.random()}.ndjson`);
  await succeed('predict', task, '--out', out, ...options, '--workspace', place, '--threads', '1');
  const text = readFileSync(out, 'utf8').trim();
  return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as Row);
}
const wordsIn = (rows: readonly Row[], column: string): string[] =>
  rows.flatMap((row) =>
    String(row[column] ?? '')
      .split(' · ')
      .filter(Boolean),
  );
const share = (words: readonly string[], known: readonly string[]): number =>
  words.filter((word) => known.includes(word)).length / words.length;

const lines = madeUpTexts();
let rated: Trained;
beforeAll(async () => {
  await load(lines);
  await layPulledEncoder(shop);
  rated = await train('satisfaction', ...OWN);
}, 120_000);

describe('satisfaction', () => {
  test('is learned from earlier reviews and beats everyone’s rate on later ones', async () => {
    expect(rated.texts).toEqual({ read: 300, learned_from: 226, tested: 74 });
    expect(rated.protocol).toMatchObject({
      test_as_of: [until(90)],
      interval: expect.stringContaining('by item'),
    });
    expect(rated.metrics.roc_auc.value).toBeGreaterThan(0.8);
    expect(rated.metrics.log_loss.value).toBeLessThan(0.8 * rated.baselines.rate.log_loss.value);
  });

  test('answers reviews and messages with the words that mattered, and marks what it may have learned from', async () => {
    const rows = await predict('satisfaction', shop, '--since', until(80), '--words', '1');
    const days = (row: Row) => (Date.parse(String(row.timestamp)) - TEXTS_FROM_MS) / DAY;
    expect(new Set(rows.map((row) => row.event_type))).toEqual(new Set(['review', 'message']));
    for (const row of rows) {
      expect(row.rating === null).toBe(row.event_type === 'message');
      expect(row.learned_from).toBe(row.event_type === 'review' && days(row) <= 90 ? 'yes' : null);
    }
    const reviews = rows.filter((row) => row.event_type === 'review');
    // One word in seven tells anything, and half of those speak the other way.
    expect(share(wordsIn(reviews, 'words_for'), TELLING.good)).toBeGreaterThan(0.5);
    expect(share(wordsIn(reviews, 'words_against'), TELLING.bad)).toBeGreaterThan(0.5);
  });
});

describe('satisfaction as a rating, by an encoder fetched before', () => {
  let run: Trained;
  beforeAll(async () => {
    run = await train('satisfaction', '--as', 'rating', ...FETCHED, '--method', 'frozen', '--no-promote');
  }, 120_000);

  test('is learned from the number itself, and comes closer to it than the mean', () => {
    expect(run).toMatchObject({ as: 'rating', target: { kind: 'regression' }, promoted: false });
    expect(run).not.toHaveProperty('at_least');
    expect(run.leaderboard.rows.map(({ model }) => model)).toContain('text:frozen');
    expect(run.metrics.rmse.value).toBeLessThan(0.9 * run.baselines.rate.rmse.value);
  });

  test('is answered by a rating with its range, and by no yes or no', async () => {
    const at = ['--model-version', run.model_version, '--as-of', until(100), '--since', until(90)];
    const rows = await predict('satisfaction', shop, ...at);
    const [good, bad] = [TELLING.good, TELLING.bad].map((words) => {
      const own = lines.filter((line) => words.some((word) => line.includes(` ${word} `)));
      const ids = new Set(own.map((line) => line.split(',')[0]));
      return rows.filter((row) => ids.has(String(row.event_id))).map((row) => Number(row.value));
    });
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(good) - mean(bad)).toBeGreaterThan(1);
    for (const row of rows) {
      expect(row).toMatchObject({ unit: 'rating', model_version: run.model_version });
      expect(row).not.toHaveProperty('prediction');
      expect(Number(row.low)).toBeLessThanOrEqual(Number(row.value));
      expect(Number(row.high)).toBeGreaterThanOrEqual(Number(row.value));
      expect(row.rating === null || (Number(row.rating) >= 1 && Number(row.rating) <= 5)).toBe(true);
    }
  });

  test('leaves the answers to the version before', async () => {
    const rows = await predict('satisfaction', shop, '--as-of', until(100), '--since', until(99));
    expect(new Set(rows.map((row) => row.model_version))).toEqual(new Set([rated.model_version]));
  });
});

describe.each([
  ['query-purchase', 'search', OWN],
  ['message-purchase', 'message', FETCHED],
] as const)('%s', (task, type, encoder) => {
  test('is learned from texts whose day is over, and beats everyone’s rate', async () => {
    const run = await train(task, ...encoder);
    expect(run.leaderboard.rows.map(({ model }) => model)).toContain('text');
    expect(run.metrics.roc_auc.value).toBeGreaterThan(0.7);
    expect(Object.keys(run.baselines)).toEqual(expect.arrayContaining(['rate', 'text-rate']));
    expect(run.metrics.log_loss.value).toBeLessThan(run.baselines.rate.log_loss.value);
    const rows = await predict(task, shop, '--as-of', until(100));
    // Those whose day is still open, and nothing later.
    expect(rows.map((row) => row.event_id).toSorted()).toEqual(
      lines
        .map((line) => line.split(','))
        .filter(
          ([, own, when]) =>
            own === type &&
            Number(when) > TEXTS_FROM_MS + 99 * DAY &&
            Number(when) <= TEXTS_FROM_MS + 100 * DAY,
        )
        .map(([id]) => id)
        .toSorted(),
    );
  });
});

describe('what comes later', () => {
  const later = join(dir, 'later');
  // After the moment: letters nobody used before, ratings turned round, and purchases by everybody.
  const after = Array.from({ length: 60 }, (_, i) => {
    const ms = TEXTS_FROM_MS + (91 + i / 4) * DAY;
    return [
      `x${i},review,${ms},reviewer${i},item${i % 25},${1 + (i % 5)},Ωμέγα ${TELLING.good[i % 4]} ${i},`,
      `xq${i},search,${ms},q${i},,,,Ωμέγα ${TELLING.browsed[i % 4]}`,
      `xb${i},purchase,${ms + 1},q${i},item1,,,`,
    ];
  }).flat();
  beforeAll(async () => {
    cpSync(shop, later, { recursive: true });
    await load(after, later);
  }, 120_000);

  test('moves no answer about the time before', async () => {
    const at = ['--as-of', until(90), '--since', until(60)];
    for (const task of ['satisfaction', 'query-purchase']) {
      const before = await predict(task, shop, ...at);
      expect(before.length).toBeGreaterThan(50);
      expect(await predict(task, later, ...at)).toEqual(before);
    }
  });

  test('is not learned from: the same model to the last byte, and no letter of it in a vocabulary', async () => {
    const shown = async (place: string, version: string) => {
      const { stdout } = await succeed(
        'models',
        'show',
        'query-purchase',
        version,
        '--workspace',
        place,
        '--json',
      );
      const { files } = JSON.parse(stdout) as { files: { name: string; sha256: string }[] };
      return files.filter(({ name }) => name.startsWith('model'));
    };
    const own = ['train', 'query-purchase', ...OWN, '--as-of', until(90)];
    await succeed(...own, '--workspace', later, '--threads', '1');
    const files = await shown(later, 'latest');
    expect(files.length).toBeGreaterThan(1);
    expect(files).toEqual(await shown(shop, 'latest'));
    // Vocabularies are written in lower case; in binary files any two bytes may come together.
    const models = listFiles(later).filter((file) => /^models\/.*\.json$/.test(file));
    expect(models.length).toBeGreaterThan(4);
    for (const file of models) expect(readFileSync(join(later, file), 'utf8'), file).not.toMatch(/ω/i);
  });
});

describe('retrain', () => {
  const place = join(dir, 'retrained');
  const again = async (task: string, ...options: string[]) =>
    JSON.parse(
      (await succeed('retrain', task, ...options, '--json', '--workspace', place, '--threads', '1')).stdout,
    );
  const shown = async (task: string, version: string) =>
    JSON.parse((await succeed('models', 'show', task, version, '--json', '--workspace', place)).stdout);
  const from = TEXTS_FROM_MS + 120 * DAY;
  /** As those before, 40 days later. */
  const since = madeUpTexts({ seed: 6 }).flatMap((line) => {
    const [id, type, ms, ...rest] = line.split(',');
    const later = Number(ms) - TEXTS_FROM_MS;
    return later < 40 * DAY ? [[`n${id}`, type, from + later, ...rest].join(',')] : [];
  });
  beforeAll(async () => {
    cpSync(shop, place, { recursive: true });
  });

  test('of nothing new trains nothing', async () => {
    expect(await again('satisfaction')).toMatchObject({ verdict: 'unchanged', version: null });
  });

  test('learns as the present model did, and says how both answer texts that neither has seen', async () => {
    await load(since, place);
    const made = await again('satisfaction', '--no-promote');
    expect(made.incumbent).toBe(rated.model_version);
    expect(made.said).toMatch(/^log_loss [\d.]+ against [\d.]+, difference [+−][\d.e-]+ \([+−]/);
    const { settings, promoted } = await shown('satisfaction', made.version);
    const { settings: before } = await shown('satisfaction', rated.model_version);
    expect(promoted).toBe(false);
    expect(settings.kept).toEqual(before.kept);
    expect(settings.kept).toMatchObject({
      ...{ encoder: 'own', methods: ['full'], told: { epochs: 2, members: 1, length: 16 } },
      own: { width: 16, vocabulary: 300 },
    });
    expect(settings).toMatchObject({ as: 'recommend', atLeast: 4 });
    // Learned up to a later moment, the test after it.
    expect(settings.seenUntilMs).toBeGreaterThan(before.seenUntilMs);
  });

  test('reads by the encoder the present model reads by, and puts what is accepted into service', async () => {
    const { settings: before, version } = await shown('message-purchase', 'promoted');
    const made = await again('message-purchase');
    expect(made.incumbent).toBe(version);
    const { settings, promoted } = await shown('message-purchase', made.version);
    expect(settings.kept).toEqual(before.kept);
    expect(settings.kept.encoder).toContain('encoders');
    expect(promoted).toBe(made.verdict === 'accepted');
    expect(made.said).toMatch(/against/);
  });

  test('holds nobody against each other by a handful of texts', async () => {
    const one = [`late,message,${from + 90 * DAY},somebody,,,order today please,`];
    const late = ['--as-of', until(143), '--workspace', place];
    await succeed('train', 'message-purchase', ...FETCHED, ...late);
    await load(one, place);
    expect(await again('message-purchase')).toMatchObject({
      ...{ verdict: 'kept', reason: 'incomparable', service: null },
      said: expect.stringMatching(/^only \d+ texts to compare on came since/),
    });
  });
});

describe('erasure', () => {
  const place = join(dir, 'erased');
  test('finds a customer in no model of texts, and marks each for training again', async () => {
    cpSync(shop, place, { recursive: true });
    const own = lines.map((line) => line.split(',')).filter(([, , , user]) => user === 'reviewer7');
    const holding = () =>
      listFiles(join(place, 'models')).filter((file) => {
        const bytes = readFileSync(join(place, 'models', file));
        return own.some(([, , , , , , said]) => said !== '' && bytes.includes(Buffer.from(said)));
      });
    expect(own.length).toBeGreaterThan(2);
    expect(holding()).toEqual([]);
    const { stdout } = await succeed('erase', '--user', 'reviewer7', '--json', '--workspace', place);
    const erasure = JSON.parse(stdout) as { found_after: number; models: string[] };
    expect(erasure.found_after).toBe(0);
    expect(erasure.models).toContain(`satisfaction/${rated.model_version}`);
    const listed = JSON.parse(
      (await succeed('models', 'list', 'satisfaction', '--json', '--workspace', place)).stdout,
    ) as { models: { needs_retraining: unknown }[] };
    expect(listed.models.map((own) => own.needs_retraining)).toEqual([
      { users_erased: 1 },
      { users_erased: 1 },
    ]);
    expect(await predict('satisfaction', place, '--as-of', until(90))).not.toContainEqual(
      expect.objectContaining({ user_id: 'reviewer7' }),
    );
  });

  test('needs no search of a table’s model either: nothing people wrote is kept in it', async () => {
    const data = write(
      'reviews.csv',
      `${[TEXTS_HEAD, ...lines.filter((line) => line.startsWith('r'))].join('\n')}\n`,
    );
    const out = join(dir, 'table');
    const types = ['--types', 'said=text', '--drop', 'event,type,when,user,query'];
    await succeed(
      'table',
      'fit',
      data,
      '--target',
      'rating',
      '--kind',
      'regression',
      ...types,
      '--model',
      'linear',
      ...['--holdout', '.3', '--cv', '2', '--preset', 'fast'],
      '--out',
      out,
    );
    const kept = listFiles(join(out, 'model'));
    expect(kept.some((file) => file.endsWith('background.json'))).toBe(true);
    for (const file of kept) expect(readFileSync(join(out, 'model', file), 'utf8')).not.toMatch(/number \d+/);
  });
});

describe('said in plain words', () => {
  const refused = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await foresell(...args);
    expect(code).toBe(1);
    return stderr;
  };

  test('too few reviews: what there is and what is missing, in both languages', async () => {
    const few = join(dir, 'few');
    await load(madeUpTexts({ each: 40 }), few);
    const own = ['train', 'satisfaction', '--workspace', few];
    const en = await refused(...own, '--lang', 'en');
    expect(en).toContain('the log has 40 texts');
    expect(en).toContain('at least 100 texts with a rating to learn from: 32');
    expect(await refused(...own, '--lang', 'zh')).toContain('训练部分至少 100 条带评分的文本：现有 32 条');
    expect(existsSync(join(few, 'models', 'satisfaction'))).toBe(false);
    const { stdout } = await succeed('check', '--json', '--workspace', few);
    const { tasks } = JSON.parse(stdout) as { tasks: { task: string; verdict: string }[] };
    expect(tasks).toContainEqual(expect.objectContaining({ task: 'satisfaction', verdict: 'not-ready' }));
    expect(tasks).toContainEqual(expect.objectContaining({ task: 'query-purchase', verdict: 'not-ready' }));
  });

  test('options of other tasks, and answers there are not', async () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['train', 'satisfaction', '--horizon', '1d'], /--horizon: not an option of "satisfaction"/],
      [['train', 'query-purchase', '--at-least', '3'], /--at-least: not an option of "query-purchase"/],
      [['train', 'satisfaction', '--as', 'mood'], /--as: expected recommend or rating/],
      [['train', 'satisfaction', '--at-least', 'four'], /--at-least: expected a rating/],
      [['train', 'satisfaction', '--model', 'gbdt'], /use --method and --encoder/],
      [['train', 'satisfaction', '--method', 'magic'], /--method: expected full/],
      [['train', 'satisfaction', '--encoder', './nowhere'], /--encoder: expected "own", the folder/],
      [['train', 'purchase', '--method', 'lora'], /--method is for satisfaction, query-purchase/],
      [['predict', 'satisfaction'], /expected --out FILE/],
      [['predict', 'purchase', '--words', '3', '--out', 'x.csv'], /--words is for satisfaction/],
      [['predict', 'satisfaction', '--segment', 'value > 1', '--out', 'x.csv'], /--segment: not an option/],
      [['evaluate', 'satisfaction'], /is about texts, not customers/],
      [
        ['models', 'export', 'satisfaction', '--onnx', 'x.onnx'],
        /model is made of trees, got "satisfaction"/,
      ],
    ];
    for (const [args, words] of cases) expect(await refused(...on(...args)), args.join(' ')).toMatch(words);
  });
});
