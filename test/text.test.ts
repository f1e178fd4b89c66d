// Texts from the command line: an encoder of one's own, a label learned, answers with the words that mattered.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { madeUpTexts } from '../src/encoders/own/made-up-language.ts';
import { foresell, succeed, testFolder } from './flow/command.ts';

const { dir, write } = testFolder();
const rows = ({ texts, praised }: ReturnType<typeof madeUpTexts>): string =>
  ['id,review,happy', ...texts.map((text, i) => `r${i},${text},${praised[i] ? 'yes' : 'no'}`)].join('\n');
const reviews = write('reviews.csv', rows(madeUpTexts(260, 1)));
const others = write('others.csv', rows(madeUpTexts(30, 2)));
const encoder = join(dir, 'our-encoder');
const model = join(dir, 'model');

const on = (...args: string[]) => [...args, '--threads', '1', '--lang', 'en', '--json'];
const SMALL = 'width=32,blocks=1,heads=2,length=24,vocabulary=400,rate=.01,dropout=0';
const asked = ['--text', 'review', '--target', 'happy', '--kind', 'binary', '--positive', 'yes'];

interface Fitted {
  readonly metrics: Readonly<Record<string, { readonly value: number }>>;
  readonly baselines: Readonly<Record<string, unknown>>;
  readonly protocol: { readonly split: string; readonly calibration: string };
  readonly leaderboard: { readonly rows: readonly { readonly model: string }[] };
  readonly rows: { readonly without_target: number };
  readonly report: string;
}

async function refusal(args: readonly string[], words: string): Promise<void> {
  const { code, stderr } = await foresell(...args);
  expect(code).toBe(1);
  expect(stderr).toContain(words);
}

let fitted: Fitted;
beforeAll(async () => {
  const pretrained = await succeed(
    ...on(
      'text',
      'pretrain',
      reviews,
      '--text',
      'review',
      '--own',
      SMALL,
      '--epochs',
      '10',
      '--out',
      encoder,
    ),
  );
  expect(JSON.parse(pretrained.stdout)).toMatchObject({ texts: 260 });
  const { stdout } = await succeed(
    ...on('text', 'fit', reviews, ...asked, '--encoder', encoder, '--method', 'full,lora', '--out', model),
    ...['--epochs', '6', '--set', 'members=1'],
  );
  fitted = JSON.parse(stdout) as Fitted;
}, 120_000);

describe('texts', () => {
  test('are learned from by words and by an encoder, tested on a share of the rows', () => {
    expect(fitted.protocol.split).toContain('one part in 5');
    expect(fitted.protocol.calibration).toContain('1 of 5 folds');
    expect(Object.keys(fitted.baselines)).toContain('rate');
    const tried = fitted.leaderboard.rows.map((row) => row.model);
    for (const id of ['logistic', 'text', 'text:lora', 'rate']) expect(tried).toContain(id);
    expect(fitted.metrics.roc_auc.value).toBeGreaterThan(0.95);
    const page = readFileSync(fitted.report, 'utf8');
    expect(page).toContain('What was learned from reviews.csv');
    expect(page).toContain('a text is all that is read');
    // a part that cannot be there says why, never that nobody looked
    expect(page).not.toContain('not measured in this run');
  });

  test('of another file get answers, with the words for and against them', async () => {
    const out = join(dir, 'answers.ndjson');
    await succeed(...on('text', 'predict', model, others, '--id', 'id', '--words', '3', '--out', out));
    const answers = readFileSync(out, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string | number | null>);
    const { texts, praised } = madeUpTexts(30, 2);
    const right = answers.filter((own, i) => own.prediction === (praised[i] ? 'yes' : 'no'));
    expect(right.length).toBeGreaterThan(26);
    for (const [i, { id, words_for, words_against }] of answers.entries()) {
      expect(id).toBe(`r${i}`);
      const named = [words_for, words_against].flatMap((words) =>
        words === null ? [] : `${words}`.split(' · '),
      );
      expect(named.length).toBeLessThanOrEqual(3);
      for (const word of named) expect(texts[i]).toContain(word);
    }
  });

  test('without a label teach, too, unless told not to', async () => {
    const some = madeUpTexts(300, 5);
    const mostlyOpen = write(
      'mostly-open.csv',
      [
        'review,happy',
        ...some.texts.map((text, i) => `${text},${i % 3 > 0 ? '' : some.praised[i] ? 'yes' : 'no'}`),
      ].join('\n'),
    );
    const learned = async (...more: string[]): Promise<Fitted> => {
      const args = on(
        'text',
        'fit',
        mostlyOpen,
        ...asked,
        '--encoder',
        encoder,
        '--method',
        'frozen',
        '--no-blend',
      );
      const { stdout } = await succeed(
        ...args,
        '--set',
        'members=1,epochs=4',
        '--out',
        join(dir, 'open'),
        ...more,
      );
      return JSON.parse(stdout) as Fitted;
    };
    const taught = await learned('--self-training', 'folds=2,rounds=1');
    expect(taught.rows.without_target).toBe(200);
    expect(taught.leaderboard.rows.map(({ model: id }) => id)).toContain('self-taught');
    expect(taught.metrics.roc_auc.value).toBeGreaterThan(0.9);
    const plain = await learned('--no-self-training');
    expect(plain.leaderboard.rows.map(({ model: id }) => id)).not.toContain('self-taught');
    await refusal(on('text', 'fit', mostlyOpen, ...asked, '--self-training', 'speed=3'), '--self-training');
  });

  test('ask for what is missing, and overwrite no encoder', async () => {
    await refusal(on('text', 'fit', reviews, '--target', 'happy', '--kind', 'binary'), '--text COLUMN');
    await refusal(on('text', 'fit', reviews, ...asked, '--encoder', join(dir, 'nowhere')), '--encoder');
    await refusal(on('text', 'fit', reviews, ...asked, '--method', 'fastest'), '--method');
    await refusal(on('text', 'fit', reviews, ...asked, '--labels', 'maybe=well'), '--labels');
    await refusal(on('text', 'fit', reviews, ...asked, '--own', 'speed=3'), '--own');
    await refusal(on('text', 'fit', reviews, '--text', 'body', ...asked.slice(2)), '"body"');
    await refusal(on('text', 'pretrain', reviews, '--text', 'review', '--out', encoder), 'holds one');
    expect(existsSync(join(encoder, 'pretraining'))).toBe(false);
  });
});
