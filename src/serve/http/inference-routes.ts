// The Open Inference Protocol, version 2, over REST: every task is a model, for clients that speak to any model server.
import Type from 'typebox';
import { Value } from 'typebox/value';
import { AppError } from '../../core/errors.ts';
import { name } from '../../core/name.ts';
import { PRODUCT_VERSION } from '../../core/product.ts';
import type { Prediction } from '../api.ts';
import type { ServedTask } from '../ports.ts';
import { bodyJson } from './body.ts';
import {
  entitiesOf,
  type InferenceRequest,
  InferenceRequestSchema,
  InferenceResponseSchema,
  ModelMetadataSchema,
  modelMetadata,
  readInputs,
  writeOutputs,
} from './inference-tensors.ts';
import { Problem } from './problem.ts';
import { schemaProblem } from './question-body.ts';
import type { Access, Call, Route } from './route.ts';

const TAG = 'Open Inference Protocol';
/** As for `POST /v1/predictions` with texts. */
const MOST_TEXTS = 200;

const LiveSchema = Type.Object({ live: Type.Boolean() });
const ReadySchema = Type.Object({ live: Type.Boolean(), ready: Type.Boolean() });
const ModelReadySchema = Type.Object({ name: Type.String(), ready: Type.Boolean() });
const ServerSchema = Type.Object({
  name: Type.String(),
  version: Type.String(),
  extensions: Type.Array(Type.String()),
});

const OPEN: Access = { kind: 'open' };
const READER: Access = { kind: 'key', scope: 'predictions:read' };

const json = <Schema>(description: string, schema: Schema) => ({
  description,
  content: { 'application/json': { schema } },
});

/** @param isReady whether every shop answers */
export function inferenceHealthRoutes(isReady: () => boolean): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/v2',
      tag: TAG,
      summary: name('What this server is', '服务器信息'),
      access: OPEN,
      replies: { 200: json('Name and version', ServerSchema) },
      handle: () => JSON.stringify({ name: 'foresell', version: PRODUCT_VERSION, extensions: [] }),
    },
    {
      method: 'GET',
      path: '/v2/health/live',
      tag: TAG,
      summary: name('Whether the process is alive', '进程是否存活'),
      access: OPEN,
      replies: { 200: json('It is', LiveSchema) },
      handle: () => '{"live":true}',
    },
    {
      method: 'GET',
      path: '/v2/health/ready',
      tag: TAG,
      summary: name('Whether all models answer', '所有模型是否就绪'),
      access: OPEN,
      replies: { 200: json('They do', ReadySchema), 503: json('They do not now', ReadySchema) },
      handle() {
        const ready = isReady();
        return { status: ready ? 200 : 503, text: JSON.stringify({ live: true, ready }) };
      },
    },
  ];
}

/** Each with and without a version in the address; the version in service is the only one that answers. */
export const inferenceRoutes: readonly Route[] = ['', '/versions/:version'].flatMap(
  (version): readonly Route[] => [
    {
      method: 'GET',
      path: `/v2/models/:name${version}`,
      tag: TAG,
      summary: name('What a model takes and gives', '模型的输入与输出'),
      access: READER,
      replies: { 200: json('Its tensors', ModelMetadataSchema) },
      handle: (call) => JSON.stringify(modelMetadata(modelOf(call))),
    },
    {
      method: 'GET',
      path: `/v2/models/:name${version}/ready`,
      tag: TAG,
      summary: name('Whether a model answers', '模型是否就绪'),
      access: READER,
      replies: { 200: json('It does', ModelReadySchema) },
      handle: (call) => JSON.stringify({ name: modelOf(call).name, ready: true }),
    },
    {
      method: 'POST',
      path: `/v2/models/:name${version}/infer`,
      tag: TAG,
      summary: name('Ask a model', '推理'),
      description: name(
        'Ids or texts as BYTES tensors of JSON, a row an entity; answers as FP64, BOOL and BYTES tensors. Numbers that are not there are null.',
        '编号或文本以 JSON 形式的 BYTES 张量给出，每行一个对象；答案为 FP64、BOOL 与 BYTES 张量，缺失的数值为 null。',
      ),
      access: READER,
      body: {
        'application/json': {
          schema: InferenceRequestSchema,
          example: {
            id: '1',
            inputs: [{ name: 'user_id', shape: [2], datatype: 'BYTES', data: ['ann', 'bob'] }],
          },
        },
      },
      replies: { 200: json('One row an entity, in order', InferenceResponseSchema) },
      handle: infer,
    },
  ],
);

/** @throws Problem not_found, alike for a name of another shop and one of none */
function modelOf({ shop, params }: Call): ServedTask {
  const found = shop.ports.served?.list().find((task) => task.name === params.name);
  if (!found) throw new Problem('not_found', 'expected a model that is in service');
  if (params.version !== undefined && params.version !== found.version)
    throw new Problem('not_found', 'expected the version that is in service');
  return found;
}

/** @throws Problem bad_request, bad_json, not_found, unsupported_media */
async function infer(call: Call): Promise<string> {
  if (call.header('inference-header-content-length') !== undefined)
    throw new Problem('unsupported_media', 'expected tensors as JSON, binary ones are not read here');
  const task = modelOf(call);
  const request = bodyJson(call.body);
  if (!Value.Check(InferenceRequestSchema, request)) {
    const { errors } = schemaProblem(InferenceRequestSchema, request);
    throw new Problem('bad_request', 'expected an inference request as in /openapi.json', {
      ...(errors && { errors }),
    });
  }
  const predictions = await answersOf(call, task, request);
  const [first] = predictions;
  return JSON.stringify({
    model_name: task.name,
    model_version: first.model_version,
    ...(request.id !== undefined && { id: request.id }),
    parameters: { unit: first.unit, horizon_days: first.horizon_days, as_of: first.as_of },
    outputs: writeOutputs(predictions, request.outputs),
  });
}

async function answersOf(
  { shop }: Call,
  task: ServedTask,
  request: InferenceRequest,
): Promise<readonly Prediction[]> {
  const columns = readInputs(request, task);
  const { predictor, texts } = shop.ports;
  try {
    const asked = columns.get('text');
    if (asked && texts) {
      if (asked.length > MOST_TEXTS || asked.includes(''))
        throw new Problem('bad_request', `expected at most ${MOST_TEXTS} texts, none of them empty`);
      return await texts.answer({ task: task.name, texts: asked });
    }
    if (predictor) return await predictor.predict({ task: task.name, entities: entitiesOf(columns) });
  } catch (error) {
    // The protocol knows one status for what the caller got wrong.
    if (error instanceof AppError && (error.code === 'BAD_DATA' || error.code === 'USAGE'))
      throw new Problem('bad_request', error.message);
    throw error;
  }
  throw new Problem('not_ready', 'models are being loaded', { retryAfterSeconds: 5 });
}
