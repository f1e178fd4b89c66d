// POST /v1/events: our own events as JSON or NDJSON.
import Type from 'typebox';
import { name } from '../../core/name.ts';
import { readTime } from '../ingest/clock.ts';
import { EventSchema, readNative } from '../ingest/native.ts';
import { type IngestContext, type Ingested, REJECT_REASONS } from '../ingest/outcome.ts';
import { readPersonalizeCsv } from '../ingest/personalize-csv.ts';
import { type BodyLimits, bodyJson, bodyText } from './body.ts';
import { FatesSchema, fatesAnswer } from './fates.ts';
import { Problem } from './problem.ts';
import type { Call, Route } from './route.ts';

const NDJSON = ['application/x-ndjson', 'application/ndjson', 'application/jsonl', 'application/x-jsonlines'];

/** Header, or `sent_at` in the address, that says when the request was sent by the sender's clock. */
const SENT_AT_HEADER = 'x-sent-at';

/** The moment of sending where the request as a whole says it; one that cannot be read is as good as none. */
const sentMs = (call: Call): number | undefined => {
  const said = call.header(SENT_AT_HEADER) ?? call.query.sent_at;
  if (said === undefined) return undefined;
  return readTime(typeof said === 'string' && /^\d{12,14}$/.test(said) ? Number(said) : said);
};

export const refuseMany = (count: number, limits: BodyLimits): void => {
  if (count > limits.events) {
    throw new Problem(
      'too_many_events',
      `expected at most ${limits.events} events, got more: send fewer at a time`,
    );
  }
};

export const eventRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/events',
    tag: 'Events',
    summary: name('Send events', '发送事件'),
    description: name(
      'An array of events, one event, or a line of NDJSON each; or, as text/csv, the interactions of Amazon Personalize. Answered once what counts is on the disk; sending the same again is safe where events have an event_id or a timestamp.',
      '事件数组、单个事件、每行一个事件的 NDJSON；或以 text/csv 发送 Amazon Personalize 的交互数据。应计入的事件落盘之后才会答复；事件带有 event_id 或 timestamp 时，重复发送是安全的。',
    ),
    access: { kind: 'key', scope: 'events:write', fromBrowser: true },
    query: Type.Object({
      sent_at: Type.Optional(
        Type.String({ description: 'when the request was sent, for a clock that is off' }),
      ),
    }),
    body: {
      'application/json': {
        schema: Type.Union([Type.Array(EventSchema), EventSchema]),
        example: [{ type: 'view', event_id: 'e-1', user_id: 'ann', item_id: 'mug', price: 9.99 }],
      },
      'application/x-ndjson': { schema: EventSchema },
      'text/csv': {
        schema: Type.String({
          description: 'USER_ID,ITEM_ID,TIMESTAMP (unix seconds),EVENT_TYPE[,EVENT_VALUE]',
        }),
        example: 'USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE\nann,mug,1768478400,view\n',
      },
    },
    replies: {
      200: {
        description: 'What became of each event',
        content: { 'application/json': { schema: FatesSchema } },
      },
    },
    async handle(call) {
      const context: IngestContext = { ...call.shop.reading, receivedMs: call.receivedMs };
      const sent = sentMs(call);
      if (call.contentType === 'text/csv') {
        return fatesAnswer(await call.shop.door.admit(personalizeLines(call, context), 'personalize'));
      }
      const { events, originals } = NDJSON.includes(call.contentType)
        ? nativeLines(call, context, sent)
        : nativeValues(call, context, sent);
      return fatesAnswer(await call.shop.door.admit(events, 'native', originals));
    },
  },
];

interface NativeBody {
  readonly events: readonly Ingested[];
  /** As they were sent, one each. */
  readonly originals: readonly unknown[];
}

function nativeValues(call: Call, context: IngestContext, sent: number | undefined): NativeBody {
  const value = bodyJson(call.body);
  if (!Array.isArray(value)) return { events: [readNative(value, '', context, sent)], originals: [value] };
  refuseMany(value.length, call.limits);
  const events = new Array<Ingested>(value.length);
  for (let i = 0; i < value.length; i++) events[i] = readNative(value[i], `/${i}`, context, sent);
  return { events, originals: value };
}

/** Blank lines do not count; a pointer's first part is the line's number among the others, from 0. */
function nativeLines(call: Call, context: IngestContext, sent: number | undefined): NativeBody {
  const text = bodyText(call.body);
  const events: Ingested[] = [];
  const originals: unknown[] = [];
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf('\n', start);
    const line = text.slice(start, end < 0 ? text.length : end).trim();
    start = end < 0 ? text.length : end + 1;
    if (line === '') continue;
    const place = `/${events.length}`;
    refuseMany(events.length + 1, call.limits);
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      events.push({ rejected: { pointer: place, reason: 'bad_json' } });
      originals.push(line);
      continue;
    }
    events.push(readNative(value, place, context, sent));
    originals.push(value);
  }
  return { events, originals };
}

function personalizeLines(call: Call, context: IngestContext): readonly Ingested[] {
  const read = readPersonalizeCsv(bodyText(call.body), context, call.limits.events);
  if ('fault' in read) {
    const { pointer, reason } = read.fault;
    throw new Problem('invalid', 'expected a header with USER_ID, ITEM_ID, TIMESTAMP and EVENT_TYPE', {
      errors: [{ pointer, reason, detail: REJECT_REASONS[reason] }],
    });
  }
  if (read.isCut) refuseMany(call.limits.events + 1, call.limits);
  return read.events;
}
