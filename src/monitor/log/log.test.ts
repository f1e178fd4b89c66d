// A canary secret is handed to the logger in every way we can think of, and must never come out.
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../core/errors.ts';
import { createLineSink } from './line-sink.ts';
import { createLogger, type LogFields, type LoggerParts } from './logger.ts';
import { createSecrets, REDACTED } from './redact.ts';

const NOON = Date.UTC(2026, 0, 5, 12);

function collect(parts: Partial<LoggerParts> = {}) {
  const lines: string[] = [];
  const logger = createLogger({ write: (line) => lines.push(line), now: () => NOON, ...parts });
  return { logger, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> };
}

describe('a line', () => {
  it('is one JSON object with time, level, message and its fields', () => {
    const { logger, lines, last } = collect();
    logger
      .with({ workspace: 'shop' })
      .info('request answered', { route: '/v1/events', status: 200, ms: 3.5 });
    expect(lines[0].endsWith('}\n')).toBe(true);
    expect(last()).toEqual({
      time: '2026-01-05T12:00:00.000Z',
      level: 'info',
      message: 'request answered',
      workspace: 'shop',
      route: '/v1/events',
      status: 200,
      ms: 3.5,
    });
  });

  it('below the level is not written', () => {
    const { logger, lines } = collect({ level: 'warn' });
    logger.info('quiet');
    logger.warn('loud');
    expect(lines).toHaveLength(1);
  });

  it('that comes too often is counted, and the next second says how many', () => {
    let now = NOON;
    const held: boolean[] = [];
    const { logger, lines, last } = collect({
      now: () => now,
      mostPerSecond: 3,
      onLine: (_, written) => held.push(!written),
    });
    for (let i = 0; i < 10; i++) logger.warn('request refused');
    logger.warn('another thing');
    expect(lines).toHaveLength(4);
    now += 1000;
    logger.warn('request refused');
    expect(last().held).toBe(7);
    logger.warn('request refused');
    expect(last().held).toBeUndefined();
    expect(held.filter(Boolean)).toHaveLength(7);
  });

  it('takes texts only under names that hold no customer', () => {
    const { logger, last } = collect();
    logger.info('seen', {
      task: 'churn',
      user_id: '17',
      email: 'a@b.example',
      note: 'hello',
      tags: ['x'],
      n: 4,
      at: { task: 'x' },
    });
    expect(last()).toMatchObject({ task: 'churn', user_id: REDACTED, email: REDACTED, note: REDACTED, n: 4 });
    expect(last().tags).toEqual([REDACTED]);
    // a trusted name means nothing inside an object that somebody sent
    expect(last().at).toEqual({ task: REDACTED });
  });

  it.each([
    ['an address', 'seventeen@shop.example'],
    ['a bearer token', 'Bearer abc123'],
    ['a query', '/v1/users?email=x'],
    ['a password in a URL', 'https://me:hunter2@shop.example/'],
    ['a JSON web token', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxNyJ9.c2ln'],
    ['a key', 'fsk_live0123456789abcdef'],
    ['a digest', 'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3'],
    ['a card', '4111 1111 1111 1111'],
    ['a telephone number', '+44 20 7946 0958'],
  ])('hides %s even in a field it trusts', (_, text) => {
    const { logger, lines } = collect();
    logger.info(`about ${text}`, { route: text });
    const hidden = text.replace(/^(Bearer |\/v1\/users|https:\/\/)/, '').replace('@shop.example/', '');
    expect(lines[0]).not.toContain(hidden);
    expect(lines[0]).toContain(REDACTED);
  });

  it('leaves ordinary words alone', () => {
    const { logger, last } = collect();
    const fields = {
      route: '/v1/users/{id}',
      version: '2026-01-05T12-00-00Z-3f2a',
      task: 'next-item',
      format: 'ga4',
    };
    logger.info('the journal could not be synced (EIO): no event is acknowledged until it is', fields);
    expect(last()).toMatchObject(fields);
    expect(last().message).toBe(
      'the journal could not be synced (EIO): no event is acknowledged until it is',
    );
  });
});

describe('errors', () => {
  it('of ours keep code and message, with causes', () => {
    const { logger, last } = collect();
    const cause = Object.assign(new Error('ENOSPC: no space, write "/shop/17"'), {
      code: 'ENOSPC',
      syscall: 'write',
    });
    logger.error('import failed', { error: new AppError('DISK', 'the disk refused a write', {}, cause) });
    expect(last().error).toMatchObject({
      name: 'AppError',
      code: 'DISK',
      message: 'the disk refused a write',
      cause: { name: 'Error', code: 'ENOSPC', message: 'write failed' },
    });
  });

  it('of the engine keep what happened and where, not on what', () => {
    const { logger, last } = collect();
    try {
      (undefined as unknown as Record<string, number>)['canary-17'].toFixed();
    } catch (error) {
      logger.error('bug', { error });
    }
    const told = JSON.stringify(last());
    expect(told).toContain('Cannot read properties of undefined');
    expect(told).toContain('src/monitor/log/log.test.ts');
    expect(told).not.toContain('canary-17');
  });
});

describe('a canary', () => {
  const CANARY = 'canary-sécret-7f3a';
  const thrown = (): unknown[] => [
    CANARY,
    { message: CANARY },
    new Error(CANARY),
    new Error(`x ${CANARY}`, { cause: new Error(CANARY, { cause: CANARY }) }),
    Object.assign(new Error('x'), { code: CANARY, name: CANARY, details: { CANARY } }),
    new TypeError(`reading '${CANARY}'`),
    new AppError('BAD_DATA', 'bad', { seen: CANARY }, new SyntaxError(`Unexpected token in "${CANARY}"`)),
    (() => {
      try {
        return JSON.parse(`{${CANARY}`);
      } catch (error) {
        return error;
      }
    })(),
  ];
  const anything = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom<unknown>(
        CANARY,
        `a ${CANARY} b`,
        1,
        true,
        null,
        undefined,
        10n,
        Symbol(CANARY),
        () => CANARY,
      ),
      fc.constantFrom(...thrown()),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(
        fc.constantFrom(CANARY, 'user_id', 'body', 'authorization', 'headers', '__proto__', 'toJSON', 'note'),
        tie('value'),
        { maxKeys: 4 },
      ),
    ),
  })).value;

  it('never appears from a field nobody vouches for, however deep', () => {
    fc.assert(
      fc.property(anything, anything, (value, error) => {
        const { logger, lines } = collect();
        logger
          .with({ body: value } as LogFields)
          .error('failed', { value, error, headers: { cookie: value } });
        expect(lines).toHaveLength(1);
        expect(lines[0]).not.toContain(CANARY);
        expect(lines[0]).not.toContain('7f3a');
      }),
      { seed: 7, numRuns: 200 },
    );
  });

  it('named as a secret never appears in any spelling, even in trusted fields and messages', () => {
    const secrets = createSecrets();
    secrets.add(CANARY);
    const { logger, lines } = collect({ secrets });
    const bytes = Buffer.from(CANARY);
    const ways = [
      CANARY,
      encodeURIComponent(CANARY),
      ...(['base64', 'base64url', 'hex'] as const).map((way) => bytes.toString(way)),
    ];
    for (const way of ways) logger.info(`the key is ${way} here`, { route: `/x/${way}`, reason: way });
    expect(lines).toHaveLength(ways.length);
    for (const [index, way] of ways.entries()) expect(lines[index]).not.toContain(way);
  });
});

describe('the sink', () => {
  it('writes every line in order, and drops rather than waits', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'foresell-log-'));
    const file = join(folder, 'log');
    const descriptor = openSync(file, 'w');
    try {
      let drops = 0;
      const sink = createLineSink({ descriptor, mostWaiting: 100, onDrop: () => drops++ });
      for (let i = 0; i < 10; i++) sink.write(`${i}\n`);
      sink.write('x'.repeat(100));
      expect([sink.dropped, drops]).toEqual([1, 1]);
      while (readFileSync(file, 'utf8').length < 20) await turn();
      sink.write('last\n');
      sink.flushNow();
      expect(readFileSync(file, 'utf8')).toBe('0\n1\n2\n3\n4\n5\n6\n7\n8\n9\nlast\n');
    } finally {
      closeSync(descriptor);
      rmSync(folder, { recursive: true });
    }
  });

  it('goes on without a log when nobody reads', async () => {
    const sink = createLineSink({ descriptor: 9999 });
    sink.write('lost\n');
    while (sink.dropped === 0) {
      await turn();
      sink.write('lost too\n');
    }
    expect(sink.dropped).toBeGreaterThan(0);
  });
});
