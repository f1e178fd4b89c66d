// Through the door: who a visitor is, what consent allows, pseudonyms, ids of events that have none.
import { expect, test } from 'vitest';
import { samplePorts } from '../sample-ports.ts';
import { openShop, type ShopSettings } from '../shop.ts';
import { readNative } from './native.ts';

const NOW = Date.UTC(2026, 0, 15, 12);

function shop(settings: ShopSettings = {}) {
  const ports = samplePorts();
  let made = 0;
  const opened = openShop(ports, { currency: 'EUR', newId: () => `made-${made++}`, ...settings });
  const context = { ...opened.reading, receivedMs: NOW };
  return {
    ...ports,
    door: opened.door,
    send: (...events: object[]) =>
      opened.door.admit(
        events.map((event, i) => readNative({ type: 'view', ...event }, `/${i}`, context)),
        'test',
      ),
  };
}

const who = ({ user_id, anonymous_id }: { user_id: string | null; anonymous_id?: string | null }) => [
  user_id,
  anonymous_id,
];

test('a visitor is the user who logged in last; the first login adopts what was before', async () => {
  const { send, rows, adopted } = shop();
  await send(
    { anonymous_id: 'v' },
    { anonymous_id: 'v', user_id: 'ann' },
    { anonymous_id: 'v', item_id: 'a' },
  );
  await send(
    { anonymous_id: 'v', user_id: 'bob' },
    { anonymous_id: 'v', item_id: 'b' },
    { anonymous_id: 'w' },
  );
  expect(rows.map(who)).toEqual([
    [null, 'v'],
    ['ann', 'v'],
    ['ann', 'v'],
    ['bob', 'v'],
    ['bob', 'v'],
    [null, 'w'],
  ]);
  expect(adopted).toEqual([['v', 'ann']]);
});

test('links come back when the journal is read again', async () => {
  const first = shop();
  await first.send({ anonymous_id: 'v', user_id: 'ann' });
  const second = shop();
  for (const row of first.rows) second.door.replay(row);
  await second.send({ anonymous_id: 'v' });
  expect(who(second.rows[0])).toEqual(['ann', 'v']);
});

test('who will not be counted is refused, who will not be recognised is kept without ids', async () => {
  const { send, rows, adopted } = shop();
  const person = { user_id: 'ann', anonymous_id: 'v', session_id: 's' };
  const fates = await send(
    { ...person, consent: { analytics: false } },
    { ...person, consent: { personalization: false } },
  );
  expect(fates).toMatchObject([
    { status: 'rejected', reason: 'no_consent', pointer: '/0/consent' },
    { status: 'accepted' },
  ]);
  expect(rows).toMatchObject([{ user_id: null, anonymous_id: null, session_id: null }]);
  expect(adopted).toEqual([]);
});

test('a refusal said with identify is kept as its proof, recognises nobody, and holds afterwards, after a restart too', async () => {
  const { send, rows, adopted } = shop();
  const consent = { personalization: false };
  await send({ type: 'identify', user_id: 'ann', anonymous_id: 'v', consent }, { user_id: 'ann' });
  expect(rows[0]).toMatchObject({ user_id: 'ann', props: JSON.stringify({ consent }) });
  expect(rows[1].user_id).toBeNull();
  expect(adopted).toEqual([]);
  const restarted = shop();
  for (const row of rows) restarted.door.replay(row);
  await restarted.send(
    { user_id: 'ann' },
    { anonymous_id: 'v' },
    { user_id: 'ann', consent: { personalization: true } },
  );
  expect(restarted.rows.map(who)).toEqual([
    [null, null],
    [null, null],
    ['ann', null],
  ]);
});

test('where consent is required, silence is refusal', async () => {
  const { send } = shop({ consent: 'required' });
  const fates = await send(
    { user_id: 'ann' },
    { user_id: 'ann', consent: { analytics: true, personalization: true } },
  );
  expect(fates.map(({ status }) => status)).toEqual(['rejected', 'accepted']);
});

test('persons are known by their pseudonyms from the door on', async () => {
  const { send, rows, adopted } = shop({ personId: (id) => `#${id}` });
  await send({ user_id: 'ann', anonymous_id: 'v' }, { anonymous_id: 'v' });
  expect(rows.map(who)).toEqual([
    ['#ann', '#v'],
    ['#ann', '#v'],
  ]);
  expect(adopted).toEqual([['#v', '#ann']]);
});

test('without an id the same event at the same time is the same, whoever the visitor became meanwhile', async () => {
  const { send, rows } = shop();
  const view = { anonymous_id: 'v', item_id: 'mug', timestamp: NOW - 1000, sent_at: NOW - 3_600_000 };
  await send(view);
  await send({ anonymous_id: 'v', user_id: 'ann' });
  const [again] = await send({ ...view, sent_at: NOW - 7_200_000 });
  const [other] = await send({ ...view, item_id: 'plate' });
  expect([again.status, other.status]).toEqual(['duplicate', 'accepted']);
  const [timeless] = await send({ anonymous_id: 'v' });
  expect(timeless).toMatchObject({ event_id: 'made-1' });
  expect(rows).toHaveLength(4);
});
