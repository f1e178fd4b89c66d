import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { type Disk, realDisk } from '../disk.ts';
import { openEngine, sqlText } from '../engine.ts';
import { type SampleShop, sampleShop } from '../import/sample-shop.ts';
import { eraseUser } from './erase-user.ts';

const shops: SampleShop[] = [];
const shop = (...args: Parameters<typeof sampleShop>): SampleShop => {
  const made = sampleShop(...args);
  shops.push(made);
  return made;
};
afterEach(() => {
  for (const made of shops.splice(0)) made.remove();
});

const EVENTS =
  'columns: { type: { column: type }, timestamp: when, user_id: who, anonymous_id: cookie, item_id: what, text: words }\n';
const USERS = 'kind: users\ncolumns: { user_id: who, attributes: [mail] }\n';

const CSV = [
  'type,who,cookie,when,what,words',
  'view,17,ck-1,2024-01-02,mug,',
  'view,,ck-1,2024-01-01,mug,',
  'view,,ck-2,2024-01-01,mug,',
  'review,17,,2024-02-02,17,a very nice mug indeed',
  'review,18,,2024-02-03,17,write to seventeen@shop.example about a very big mug',
  'review,18,,2024-03-03,mug,nothing to see here',
  'view,17,,soon,mug,',
  'view,guest-17,,2024-03-04,mug,',
].join('\n');

/** A shop in which customer 17 stands in every kind of file. */
async function livedIn(settings: Parameters<typeof sampleShop>[0] = {}): Promise<SampleShop> {
  const made = shop(settings);
  await made.import(made.write('events.csv', `${CSV}\n`), EVENTS);
  await made.import(
    made.write('users.csv', 'who,mail\n17,seventeen@shop.example\n18,eighteen@shop.example\n'),
    USERS,
  );
  const put = (path: string, content: string | Uint8Array) => {
    const full = join(made.workspace.dir, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, content);
  };
  put('predictions/churn.csv', 'task,user_id,value\nchurn,17,0.5\nchurn,18,0.1\n');
  put('predictions/others.csv', 'task,user_id,value\nchurn,18,0.17\n');
  put('reports/old.ndjson.gz', gzipSync('{"rows":17}\n{"top":["17","18"]}\n'));
  put('reports/report.html', '<td>seventeen@shop.example</td>');
  put('cache/count.json', '{"rows": 17}');
  put('models/churn/v1/manifest.json', '{"files":[{"name":"model.json"}]}');
  put('models/churn/v1/model.json', '{"weights":[17]}');
  put('models/churn/v1/top.json', '{"customers":["17"]}');
  const engine = await openEngine({ threads: 1 });
  await engine.run(
    `COPY (SELECT 'spend' AS task, unnest(['17', '18']) AS user_id) TO ${sqlText(join(made.workspace.dir, 'predictions', 'spend.parquet'))} (FORMAT parquet)`,
  );
  engine.close();
  return made;
}

test('a customer is found in every kind of file before, in none after, and others keep what is theirs', async () => {
  const made = await livedIn();
  const { before, after, removed, rewritten, models } = await eraseUser(made.workspace, '17');
  const files = before.map(({ file }) =>
    file.replace(/part-\w+-\d+|part-\w+/, 'part').replace(/quarantine\/\w+/, 'quarantine'),
  );
  expect(files).toEqual([
    'lake/events/date=2024-01-01/part.parquet',
    'lake/events/date=2024-02-01/part.parquet',
    'lake/users/part.parquet',
    'models/churn/v1/top.json',
    'predictions/churn.csv',
    'predictions/spend.parquet',
    'quarantine/rejected.parquet',
    'reports/old.ndjson.gz',
    'reports/report.html',
  ]);
  expect(before.flatMap(({ kinds }) => kinds)).toEqual(
    expect.arrayContaining(['id', 'anonymous id', 'address', 'text']),
  );
  expect(after).toEqual([]);
  for (const { file } of before) expect(existsSync(join(made.workspace.dir, file)), file).toBe(false);
  expect(rewritten).toHaveLength(4);
  expect(removed).toEqual([
    'models/churn/v1/top.json',
    'predictions/churn.csv',
    'predictions/spend.parquet',
    'reports/old.ndjson.gz',
    'reports/report.html',
  ]);
  expect(existsSync(join(made.workspace.dir, 'predictions/others.csv'))).toBe(true);

  expect(await made.rows('events', 'timestamp, user_id, anonymous_id, item_id, text')).toEqual([
    { timestamp: Date.UTC(2024, 0, 1), user_id: null, anonymous_id: 'ck-2', item_id: 'mug', text: null },
    // Somebody else's review that gave the address away keeps its place but not its text.
    { timestamp: Date.UTC(2024, 1, 3), user_id: '18', anonymous_id: null, item_id: '17', text: null },
    {
      timestamp: Date.UTC(2024, 2, 3),
      user_id: '18',
      anonymous_id: null,
      item_id: 'mug',
      text: 'nothing to see here',
    },
    { timestamp: Date.UTC(2024, 2, 4), user_id: 'guest-17', anonymous_id: null, item_id: 'mug', text: null },
  ]);
  expect(await made.rows('users', 'user_id')).toEqual([{ user_id: '18' }]);
  expect(await made.quarantine()).toEqual([]);

  expect(models).toEqual(['churn/v1']);
  const mark = readFileSync(join(made.workspace.dir, 'models/churn/v1/erasures.json'), 'utf8');
  expect(JSON.parse(mark)).toEqual({ sinceMs: expect.any(Number), users: 1 });
  expect(mark).not.toContain('"17"');
});

test('a prediction written from the old lake while this goes on is removed like those of before', async () => {
  const made = await livedIn();
  let late = 0;
  /** Whoever read the lake before writes the file again, twice, as soon as it is gone. */
  const disk: Disk = {
    ...realDisk,
    remove(path) {
      realDisk.remove(path);
      if (path.endsWith('churn.csv') && late++ < 2) writeFileSync(path, 'task,user_id,value\nchurn,17,0.5\n');
    },
  };
  const { after, removed } = await eraseUser(made.workspace, '17', { disk });
  expect(late).toBe(3);
  expect(after).toEqual([]);
  expect(existsSync(join(made.workspace.dir, 'predictions/churn.csv'))).toBe(false);
  expect(removed.filter((file) => file === 'predictions/churn.csv')).toHaveLength(1);
});

test('with pseudonyms the shop’s own id is enough', async () => {
  const made = await livedIn({ pseudonyms: true });
  const { before, after } = await eraseUser(made.workspace, '17');
  expect(before.filter(({ file }) => file.startsWith('lake/events')).map(({ kinds }) => kinds)).toEqual([
    ['anonymous id', 'pseudonym'],
    ['address', 'pseudonym', 'text'],
  ]);
  expect(after).toEqual([]);
});

test('a file a model’s manifest vouches for cannot be cleaned, and is named', async () => {
  const made = await livedIn();
  writeFileSync(join(made.workspace.dir, 'models/churn/v1/model.json'), '{"levels":["17"]}');
  await expect(eraseUser(made.workspace, '17')).rejects.toThrow(
    /still hold something: models\/churn\/v1\/model\.json/,
  );
});

test('nobody of that name changes nothing', async () => {
  const made = await livedIn();
  const digest = () =>
    createHash('sha256')
      .update(readFileSync(join(made.workspace.dir, 'lake/snapshot.json')))
      .digest('hex');
  const was = digest();
  expect(await eraseUser(made.workspace, 'nobody')).toEqual({
    before: [],
    after: [],
    rewritten: [],
    removed: [],
    models: [],
  });
  expect(digest()).toBe(was);
});
