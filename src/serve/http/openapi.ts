// OpenAPI 3.1 made of the routes: the schemas in it are the ones that validate.
import type { TSchema } from 'typebox';
import Type from 'typebox';
import type { Name } from '../../core/name.ts';
import { PRODUCT_VERSION } from '../../core/product.ts';
import { SCOPES } from './api-key.ts';
import { InferenceErrorSchema, isInferencePath } from './inference-error.ts';
import { PROBLEMS, type ProblemCode } from './problem.ts';
import type { Content, Route } from './route.ts';

/** What every problem looks like (RFC 9457). */
export const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: 'urn:foresell:problem:<code>' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'what was expected, what came, what to do' }),
    code: Type.Enum(Object.keys(PROBLEMS)),
    errors: Type.Optional(
      Type.Array(
        Type.Object(
          { pointer: Type.String(), reason: Type.String(), detail: Type.Optional(Type.String()) },
          { additionalProperties: false },
        ),
      ),
    ),
  },
  { additionalProperties: false, title: 'Problem' },
);

type Json = Readonly<Record<string, unknown>>;

/** Problems a route may answer with, whatever it does. */
function problemsOf(route: Route): readonly ProblemCode[] {
  const codes: ProblemCode[] = ['bad_request', 'internal', 'overloaded'];
  if (route.access.kind !== 'open') codes.push('unauthorized', 'rate_limited', 'not_ready');
  if (route.access.kind === 'key') codes.push('forbidden');
  if (route.body)
    codes.push('bad_json', 'bad_encoding', 'too_large', 'unsupported_media', 'invalid', 'request_timeout');
  if (route.query) codes.push('bad_query');
  if (route.path.includes(':')) codes.push('not_found');
  return codes;
}

/** The document as a value. Schemas with a `title` stand once, among the components. */
export function openApi(routes: readonly Route[]): Json {
  const components = new Map<string, unknown>();
  const schemaOf = (schema: unknown): unknown => reference(schema, components);
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:([^/]+)/g, '{$1}');
    paths[path] ??= {};
    paths[path][route.method.toLowerCase()] = operation(route, schemaOf);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Foresell',
      version: PRODUCT_VERSION,
      description: 'Events in, predictions out. Errors are problem details (RFC 9457).',
    },
    // The server this was asked of.
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: Object.fromEntries(components),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'a key: fsk_…' },
        basic: {
          type: 'http',
          scheme: 'basic',
          description: "the key as the user, as Segment's clients send it",
        },
        header: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
        address: { type: 'apiKey', in: 'query', name: 'key' },
      },
    },
    'x-scopes': SCOPES,
  };
}

function operation(route: Route, schemaOf: (schema: unknown) => unknown): Json {
  const { access } = route;
  return {
    operationId: operationId(route),
    tags: [route.tag],
    ...said('summary', route.summary),
    ...said('description', route.description),
    parameters: [...pathParameters(route), ...queryParameters(route.query, schemaOf), ...signature(route)],
    ...(route.body ? { requestBody: { required: true, content: contents(route.body, schemaOf) } } : {}),
    responses: {
      ...Object.fromEntries(
        Object.entries(route.replies).map(([status, { description, content }]) => [
          status,
          { description, ...(content ? { content: contents(content, schemaOf) } : {}) },
        ]),
      ),
      ...problemReplies(route, schemaOf),
    },
    security:
      access.kind === 'key' ? ['bearer', 'basic', 'header', 'address'].map((name) => ({ [name]: [] })) : [],
    ...(access.kind === 'key' ? { 'x-scope': access.scope } : {}),
  };
}

/** A text of the document, and the Chinese one beside it, which the page shows. */
function said(key: 'summary' | 'description', text: Name | string | undefined): Json {
  if (text === undefined) return {};
  return typeof text === 'string' ? { [key]: text } : { [key]: text.en, [`x-${key}-zh`]: text.zh };
}

/** `POST /v1/webhooks/shopify/:endpoint` is `postV1WebhooksShopifyEndpoint`. */
const operationId = ({ method, path }: Route): string =>
  method.toLowerCase() +
  path
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '')
    .map((word) => word[0].toUpperCase() + word.slice(1))
    .join('');

const pathParameters = ({ path }: Route): readonly Json[] =>
  [...path.matchAll(/:([^/]+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));

function queryParameters(
  query: TSchema | undefined,
  schemaOf: (schema: unknown) => unknown,
): readonly Json[] {
  const { properties = {}, required = [] } = (query ?? {}) as {
    properties?: Record<string, Json>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    ...(schema.description ? { description: schema.description } : {}),
    schema: schemaOf(schema),
  }));
}

const signature = ({ access }: Route): readonly Json[] =>
  access.kind === 'signature'
    ? [
        {
          name: access.header,
          in: 'header',
          required: true,
          description: 'HMAC-SHA256 of the body, in base64',
          schema: { type: 'string' },
        },
      ]
    : [];

const contents = (content: Readonly<Record<string, Content>>, schemaOf: (schema: unknown) => unknown): Json =>
  Object.fromEntries(
    Object.entries(content).map(([type, { schema, example }]) => [
      type,
      { schema: schemaOf(schema), ...(example === undefined ? {} : { example }) },
    ]),
  );

/** By status; where several problems share one, their titles stand together. */
function problemReplies(route: Route, schemaOf: (schema: unknown) => unknown): Json {
  const titles = new Map<number, string[]>();
  for (const code of problemsOf(route)) {
    const [status, title] = PROBLEMS[code];
    if (route.replies[status]) continue;
    titles.set(status, [...(titles.get(status) ?? []), title]);
  }
  return Object.fromEntries(
    [...titles]
      .sort(([a], [b]) => a - b)
      .map(([status, of]) => [
        status,
        {
          description: of.join('; '),
          ...(status === 429 || status === 503
            ? { headers: { 'Retry-After': { description: 'seconds', schema: { type: 'integer' } } } }
            : {}),
          content: isInferencePath(route.path)
            ? { 'application/json': { schema: schemaOf(InferenceErrorSchema) } }
            : { 'application/problem+json': { schema: schemaOf(ProblemSchema) } },
        },
      ]),
  );
}

/** A copy of a schema in which every titled part is a reference to its component. */
function reference(schema: unknown, components: Map<string, unknown>): unknown {
  if (Array.isArray(schema)) return schema.map((part) => reference(part, components));
  if (typeof schema !== 'object' || schema === null) return schema;
  const plain = () =>
    Object.fromEntries(Object.entries(schema).map(([key, part]) => [key, reference(part, components)]));
  const { title, type } = schema as { title?: unknown; type?: unknown };
  if (typeof title !== 'string' || type === undefined) return plain();
  if (!components.has(title)) {
    // Held open first, for a schema that stands in itself.
    components.set(title, {});
    components.set(title, plain());
  }
  return { $ref: `#/components/schemas/${title}` };
}
