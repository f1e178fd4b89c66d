// GA4's Measurement Protocol: /mp/collect takes events, /debug/mp/collect only says what is wrong with them.
import Type from 'typebox';
import { name } from '../../core/name.ts';
import { GA4_MAX_EVENTS, Ga4BodySchema, readGa4 } from '../ingest/ga4.ts';
import { type IngestContext, REJECT_REASONS, type Rejection } from '../ingest/outcome.ts';
import { bodyJson } from './body.ts';
import { Problem } from './problem.ts';
import type { Access, Call, Content, Route } from './route.ts';

const access: Access = { kind: 'key', scope: 'events:write', fromBrowser: true };

const query = Type.Object({
  measurement_id: Type.Optional(Type.String({ description: 'as senders have it; not looked at' })),
  firebase_app_id: Type.Optional(Type.String()),
  api_secret: Type.Optional(Type.String({ description: 'the key' })),
});

const body: Readonly<Record<string, Content>> = {
  'application/json': {
    schema: Ga4BodySchema,
    example: {
      client_id: '1234.5678',
      user_id: 'ann',
      events: [
        {
          name: 'purchase',
          params: {
            transaction_id: 'T-1',
            currency: 'EUR',
            items: [{ item_id: 'mug', price: 9.99, quantity: 2 }],
          },
        },
      ],
    },
  },
};

const MessagesSchema = Type.Object({
  validationMessages: Type.Array(
    Type.Object({
      fieldPath: Type.String(),
      description: Type.String(),
      validationCode: Type.Enum(['VALUE_INVALID', 'VALUE_REQUIRED', 'EXCEEDED_MAX_ENTITIES']),
    }),
  ),
});

const contextOf = (call: Call): IngestContext => ({ ...call.shop.reading, receivedMs: call.receivedMs });

export const ga4Routes: readonly Route[] = [
  {
    method: 'POST',
    path: '/mp/collect',
    tag: 'GA4',
    summary: name('Collect events of the Measurement Protocol', '接收 Measurement Protocol 的事件'),
    description: name(
      'Answers 204 as the protocol has it, also where single events were rejected; /debug/mp/collect says why. A body that cannot be read at all is a problem.',
      '按协议答复 204，个别事件被拒绝时也是如此；原因可用 /debug/mp/collect 查看。完全无法读取的正文会得到错误答复。',
    ),
    access,
    query,
    body,
    replies: { 204: { description: 'Taken; what counts is on the disk' } },
    async handle(call) {
      const read = readGa4(bodyJson(call.body), contextOf(call));
      if ('fault' in read) {
        const { pointer, reason } = read.fault;
        throw new Problem('invalid', 'expected a body of the Measurement Protocol', {
          errors: [{ pointer, reason, detail: REJECT_REASONS[reason] }],
        });
      }
      await call.shop.door.admit(read.events, 'ga4');
      return { status: 204, text: '' };
    },
  },
  {
    method: 'POST',
    path: '/debug/mp/collect',
    tag: 'GA4',
    summary: name(
      'Say what is wrong with events of the Measurement Protocol; nothing is kept',
      '说明 Measurement Protocol 事件有何问题；不保存任何内容',
    ),
    access,
    query,
    body,
    replies: {
      200: {
        description: 'What is wrong; an empty list when nothing is',
        content: { 'application/json': { schema: MessagesSchema } },
      },
    },
    handle(call) {
      const read = readGa4(bodyJson(call.body), contextOf(call));
      const faults =
        'fault' in read
          ? [read.fault]
          : read.events.flatMap((event) => ('rejected' in event ? [event.rejected] : []));
      return JSON.stringify({ validationMessages: faults.map(message) });
    },
  },
];

function message({ pointer, reason }: Rejection) {
  const tooMany = pointer === '/events' && reason === 'bad_value';
  return {
    fieldPath: fieldPath(pointer),
    description: tooMany ? `expected 1 to ${GA4_MAX_EVENTS} events` : REJECT_REASONS[reason],
    validationCode: tooMany
      ? 'EXCEEDED_MAX_ENTITIES'
      : reason.startsWith('missing_')
        ? 'VALUE_REQUIRED'
        : 'VALUE_INVALID',
  };
}

/** `/events/0/params/items/1/price` as the protocol writes it: `events[0].params.items[1].price`. */
const fieldPath = (pointer: string): string =>
  pointer
    .slice(1)
    .split('/')
    .map((part, index) => (/^\d+$/.test(part) ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('');
