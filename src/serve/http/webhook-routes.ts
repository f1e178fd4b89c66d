// Webhooks of Shopify and WooCommerce: known by the signature over the body's bytes instead of a key.
import Type from 'typebox';
import { name } from '../../core/name.ts';
import type { IngestContext } from '../ingest/outcome.ts';
import { readShopify } from '../ingest/shopify.ts';
import { isSigned } from '../ingest/signature.ts';
import { readWooCommerce } from '../ingest/woocommerce.ts';
import { bodyJson } from './body.ts';
import { FatesSchema, fatesAnswer } from './fates.ts';
import { Problem } from './problem.ts';
import type { Call, Route, RouteReply } from './route.ts';

const replies: Readonly<Record<number, RouteReply>> = {
  200: { description: 'What became of the order', content: { 'application/json': { schema: FatesSchema } } },
};

const OrderSchema = Type.Record(Type.String(), Type.Unknown(), {
  description: "An order, as the shop's system sends it",
});

const contextOf = (call: Call): IngestContext => ({ ...call.shop.reading, receivedMs: call.receivedMs });

/** A delivery must not be repeated for an order we cannot read: the system would switch the webhook off. */
async function answered(call: Call, events: ReturnType<typeof readShopify>, source: string) {
  const fates = await call.shop.door.admit(events, source);
  return fatesAnswer(fates, { isProblem: false });
}

export const webhookRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/webhooks/shopify/:endpoint',
    tag: 'Webhooks',
    summary: name("Shopify's order webhooks", 'Shopify 订单 webhook'),
    description: name(
      'Topics orders/create, orders/paid, orders/updated, orders/cancelled and their like. Refunds come with orders/updated; refunds/create is left alone, as it does not name the customer.',
      '主题为 orders/create、orders/paid、orders/updated、orders/cancelled 等。退款随 orders/updated 到达；refunds/create 不含客户信息，因此略过。',
    ),
    access: { kind: 'signature', source: 'shopify', header: 'x-shopify-hmac-sha256' },
    body: { 'application/json': { schema: OrderSchema } },
    replies,
    handle: (call) =>
      answered(
        call,
        readShopify(call.header('x-shopify-topic') ?? '', bodyJson(call.body), contextOf(call)),
        'shopify',
      ),
  },
  {
    method: 'POST',
    path: '/v1/webhooks/woocommerce/:endpoint',
    tag: 'Webhooks',
    summary: name("WooCommerce's order webhooks", 'WooCommerce 订单 webhook'),
    description: name(
      'Topics order.created, order.updated and order.restored.',
      '主题为 order.created、order.updated 和 order.restored。',
    ),
    access: {
      kind: 'signature',
      source: 'woocommerce',
      header: 'x-wc-webhook-signature',
      // Saving a webhook sends this first, unsigned, and wants to be told yes.
      ping: /^webhook_id=\d+$/,
    },
    body: { 'application/json': { schema: OrderSchema } },
    replies,
    handle: (call) =>
      answered(
        call,
        readWooCommerce(call.header('x-wc-webhook-topic') ?? '', bodyJson(call.body), contextOf(call)),
        'woocommerce',
      ),
  },
];

/** One shop's webhook: whose orders come in, and what they are signed with. */
export interface WebhookEndpoint {
  /** Last part of the address. Public, and no secret. */
  readonly id: string;
  readonly source: 'shopify' | 'woocommerce';
  readonly workspace: string;
  /** The present secret, and during a change the one before. */
  readonly secrets: readonly string[];
}

/** Signed by somebody, for an endpoint nobody has: takes as long, and fails. */
const NOBODY: readonly string[] = ['no such endpoint'];

/**
 * The endpoint a signed body is for.
 *
 * @throws Problem unauthorized, for an endpoint that is not there as for a signature that is wrong
 */
export function signedEndpoint(
  endpoints: ReadonlyMap<string, WebhookEndpoint>,
  sent: {
    readonly id: string;
    readonly source: string;
    readonly body: Uint8Array;
    readonly signature: string | undefined;
  },
): WebhookEndpoint {
  const endpoint = endpoints.get(sent.id);
  const isOurs = endpoint !== undefined && endpoint.source === sent.source;
  const isRight = isSigned(sent.body, sent.signature, isOurs ? endpoint.secrets : NOBODY);
  if (!isOurs || !isRight) {
    throw new Problem('unauthorized', 'expected a signature by the secret of this webhook');
  }
  return endpoint;
}
