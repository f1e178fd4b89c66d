// A route as data: what it takes, who may call it, what it answers. The server, the OpenAPI page and the tests read these.
import type { TSchema } from 'typebox';
import type { Name } from '../../core/name.ts';
import type { ServedShop } from '../shop.ts';
import type { Principal, Scope } from './api-key.ts';
import type { BodyLimits } from './body.ts';

/** One request, authenticated. Its body is read once, as bytes; signatures are made of those. */
export interface Call {
  readonly shop: ServedShop;
  /** Absent where the route is authenticated by a signature instead of a key. */
  readonly principal: Principal | undefined;
  /** Unpacked; empty when there was none. */
  readonly body: Buffer;
  /** Without parameters, lower case. */
  readonly contentType: string;
  /** Names in lower case. */
  header(name: string): string | undefined;
  readonly query: Readonly<Record<string, unknown>>;
  readonly params: Readonly<Record<string, string>>;
  readonly receivedMs: number;
  readonly limits: BodyLimits;
}

/** What a handler gives back: JSON text with status 200, or the same said in full. */
export type Answer =
  | string
  | {
      readonly status: number;
      readonly text: string;
      readonly contentType?: string;
      readonly headers?: Readonly<Record<string, string>>;
    };

/** How a route knows who is asking. */
export type Access =
  /** Anybody. */
  | { readonly kind: 'open' }
  /** A key with the scope, from a header or the address; from the body's `writeKey`, too, where `inBody`. */
  | {
      readonly kind: 'key';
      readonly scope: Scope;
      readonly inBody?: boolean;
      readonly fromBrowser?: boolean;
    }
  /**
   * HMAC-SHA256 over the body as it came, in base64, by the secret of the endpoint named last in the address. A body that
   * is a `ping` is answered with 200 and goes no further.
   */
  | { readonly kind: 'signature'; readonly source: string; readonly header: string; readonly ping?: RegExp };

/** One thing that a body or an answer may be. */
export interface Content {
  readonly schema: TSchema;
  readonly example?: unknown;
}

export interface RouteReply {
  readonly description: string;
  /** By media type; absent: no body. */
  readonly content?: Readonly<Record<string, Content>>;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Fastify's pattern: `/v1/predictions/:task`. */
  readonly path: string;
  /** Text alone stands in both languages. */
  readonly summary: Name | string;
  readonly description?: Name | string;
  readonly tag: string;
  readonly access: Access;
  readonly query?: TSchema;
  /** By media type. Absent: the route takes no body. */
  readonly body?: Readonly<Record<string, Content>>;
  /** Besides the problems every route may answer with. */
  readonly replies: Readonly<Record<number, RouteReply>>;
  /** @throws Problem, or AppError */
  handle(call: Call): Answer | Promise<Answer>;
}
