// Segment's tracking API: /v1/track and its siblings, and the batch its clients send.
import { type Name, name } from '../../core/name.ts';
import { objectOf } from '../ingest/json-value.ts';
import type { IngestContext, Ingested } from '../ingest/outcome.ts';
import {
  readSegment,
  SegmentBatchSchema,
  SegmentMessageSchema,
  type SegmentType,
} from '../ingest/segment.ts';
import { bodyJson } from './body.ts';
import { refuseMany } from './event-routes.ts';
import { FatesSchema, fatesAnswer } from './fates.ts';
import { Problem } from './problem.ts';
import type { Access, Route, RouteReply } from './route.ts';

const access: Access = { kind: 'key', scope: 'events:write', inBody: true, fromBrowser: true };

const replies: Readonly<Record<number, RouteReply>> = {
  200: {
    description: 'What became of each message',
    content: { 'application/json': { schema: FatesSchema } },
  },
};

/** The address of a browser's client beside the server's: `/v1/t` is `/v1/track`. */
const ADDRESSES: readonly (readonly [path: string, type: SegmentType, summary: Name])[] = [
  ['/v1/track', 'track', name('Track an event', '记录一个事件')],
  ['/v1/t', 'track', name('Track an event, from a browser', '记录一个事件（浏览器）')],
  ['/v1/identify', 'identify', name('Say who a visitor is', '说明访客是谁')],
  ['/v1/i', 'identify', name('Say who a visitor is, from a browser', '说明访客是谁（浏览器）')],
  ['/v1/page', 'page', name('A page was seen', '浏览了一个页面')],
  ['/v1/p', 'page', name('A page was seen, from a browser', '浏览了一个页面（浏览器）')],
  ['/v1/screen', 'screen', name('A screen of an app was seen', '浏览了应用的一屏')],
  [
    '/v1/group',
    'group',
    name('A user belongs to a group (understood, not kept)', '用户属于某个组（可识别，不保存）'),
  ],
  ['/v1/alias', 'alias', name('An earlier id is this user', '先前的标识就是这位用户')],
];

const single = ([path, type, summary]: (typeof ADDRESSES)[number]): Route => ({
  method: 'POST',
  path,
  tag: 'Segment',
  summary,
  access,
  body: { 'application/json': { schema: SegmentMessageSchema, example: EXAMPLES[type] } },
  replies,
  async handle(call) {
    const context: IngestContext = { ...call.shop.reading, receivedMs: call.receivedMs };
    const event = readSegment(bodyJson(call.body), '', context, { type });
    return fatesAnswer(await call.shop.door.admit([event], 'segment'));
  },
});

const EXAMPLES: Partial<Record<SegmentType, unknown>> = {
  track: {
    event: 'Product Viewed',
    userId: 'ann',
    messageId: 'm-1',
    properties: { product_id: 'mug', price: 9.99, currency: 'EUR' },
  },
  identify: { userId: 'ann', anonymousId: 'visitor-1', messageId: 'm-2', traits: { plan: 'gold' } },
};

const batch = (path: string, summary: Name): Route => ({
  method: 'POST',
  path,
  tag: 'Segment',
  summary,
  access,
  body: {
    'application/json': {
      schema: SegmentBatchSchema,
      example: { batch: [{ type: 'track', ...(EXAMPLES.track as object) }], sentAt: '2026-01-15T12:00:00Z' },
    },
  },
  replies,
  async handle(call) {
    const body = objectOf(bodyJson(call.body));
    if (!Array.isArray(body.batch)) {
      throw new Problem('invalid', 'expected an object with the list "batch"', {
        errors: [{ pointer: '/batch', reason: 'missing_field' }],
      });
    }
    refuseMany(body.batch.length, call.limits);
    const context: IngestContext = { ...call.shop.reading, receivedMs: call.receivedMs };
    const envelope = { sentAt: body.sentAt, context: body.context };
    const events: Ingested[] = body.batch.map((message, index) =>
      readSegment(message, `/batch/${index}`, context, envelope),
    );
    return fatesAnswer(await call.shop.door.admit(events, 'segment', body.batch));
  },
});

export const segmentRoutes: readonly Route[] = [
  ...ADDRESSES.map(single),
  batch('/v1/batch', name("Messages of Segment's clients", 'Segment 客户端的消息')),
  batch('/v1/b', name("Messages of Segment's client in a browser", 'Segment 浏览器客户端的消息')),
];
