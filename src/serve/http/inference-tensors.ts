// Tensors of the Open Inference Protocol as JSON: ids and texts come in as BYTES, answers go out as FP64, BOOL and BYTES.
import Type, { type Static } from 'typebox';
import type { Prediction, PredictionEntity } from '../api.ts';
import type { ServedTask } from '../ports.ts';
import { Problem } from './problem.ts';

const Parameters = Type.Optional(Type.Record(Type.String(), Type.Unknown()));
const Shape = Type.Array(Type.Integer({ minimum: 0, maximum: 2 ** 31 }), { minItems: 1, maxItems: 2 });
const Bytes = Type.String({ maxLength: 20_000 });

export const InferenceRequestSchema = Type.Object(
  {
    id: Type.Optional(Type.String({ maxLength: 512 })),
    parameters: Parameters,
    inputs: Type.Array(
      Type.Object({
        name: Type.String(),
        shape: Shape,
        datatype: Type.String({ description: 'BYTES' }),
        parameters: Parameters,
        data: Type.Array(Type.Union([Bytes, Type.Array(Bytes, { maxItems: 1 })]), {
          maxItems: 1000,
          description: 'flat, or a list a row',
        }),
      }),
      { minItems: 1, maxItems: 8 },
    ),
    outputs: Type.Optional(Type.Array(Type.Object({ name: Type.String(), parameters: Parameters }))),
  },
  { title: 'InferenceRequest' },
);
export type InferenceRequest = Static<typeof InferenceRequestSchema>;

const TensorMetadataSchema = Type.Object({
  name: Type.String(),
  datatype: Type.String(),
  shape: Type.Array(Type.Integer({ description: '-1: as many as are asked' })),
});

export const ModelMetadataSchema = Type.Object(
  {
    name: Type.String(),
    versions: Type.Array(Type.String()),
    platform: Type.String(),
    inputs: Type.Array(TensorMetadataSchema),
    outputs: Type.Array(TensorMetadataSchema),
  },
  { title: 'ModelMetadata' },
);

export const InferenceResponseSchema = Type.Object(
  {
    model_name: Type.String(),
    model_version: Type.String(),
    id: Type.Optional(Type.String()),
    parameters: Parameters,
    outputs: Type.Array(
      Type.Object({
        name: Type.String(),
        shape: Type.Array(Type.Integer()),
        datatype: Type.String(),
        data: Type.Array(Type.Union([Type.Number(), Type.Boolean(), Type.String(), Type.Null()]), {
          description: 'null is NaN: there is no such number',
        }),
      }),
    ),
  },
  { title: 'InferenceResponse' },
);

/** Names of the inputs a task may be asked with; those it cannot do without first. */
export const INPUTS: Readonly<Record<ServedTask['about'], readonly string[]>> = {
  user: ['user_id', 'anonymous_id'],
  session: ['session_id', 'user_id', 'anonymous_id'],
  user_item: ['item_id', 'user_id', 'anonymous_id'],
  text: ['text'],
};

interface Output {
  readonly datatype: 'FP64' | 'BOOL' | 'BYTES';
  of(prediction: Prediction): number | boolean | string | null;
}

/** What is answered of each entity; a number that is not there is NaN, which JSON writes as null. */
export const OUTPUTS: Readonly<Record<string, Output>> = {
  value: { datatype: 'FP64', of: ({ value }) => value },
  low: { datatype: 'FP64', of: ({ low = null }) => low },
  high: { datatype: 'FP64', of: ({ high = null }) => high },
  asked: { datatype: 'BOOL', of: ({ value }) => value !== null },
  tier: { datatype: 'BYTES', of: ({ tier = '' }) => tier },
  prediction_id: { datatype: 'BYTES', of: (prediction) => prediction.prediction_id },
  model_version: { datatype: 'BYTES', of: (prediction) => prediction.model_version },
};

export function modelMetadata({ name, about, version }: ServedTask): Static<typeof ModelMetadataSchema> {
  return {
    name,
    versions: [version],
    platform: 'foresell',
    inputs: INPUTS[about].map((input) => ({ name: input, datatype: 'BYTES', shape: [-1] })),
    outputs: Object.entries(OUTPUTS).map(([output, { datatype }]) => ({
      name: output,
      datatype,
      shape: [-1],
    })),
  };
}

/**
 * The columns of a request by name, all of one length.
 *
 * @throws Problem bad_request naming what was expected
 */
export function readInputs(
  { inputs }: InferenceRequest,
  { about }: ServedTask,
): ReadonlyMap<string, readonly string[]> {
  const known = INPUTS[about];
  const columns = new Map<string, readonly string[]>();
  for (const { name, datatype, shape, data } of inputs) {
    if (!known.includes(name) || columns.has(name))
      throw bad(`expected each of the inputs ${known.join(', ')} once at most, and no other`);
    if (datatype !== 'BYTES') throw bad(`expected the datatype BYTES of the input ${name}`);
    const values = data.flat();
    const [rows, width = 1] = shape;
    if (width !== 1 || rows !== values.length || data.length !== rows)
      throw bad(
        `expected the shape of the input ${name} to be [rows] or [rows, 1], and data of so many rows`,
      );
    columns.set(name, values);
  }
  const lengths = new Set([...columns.values()].map(({ length }) => length));
  if (lengths.size !== 1 || lengths.has(0)) throw bad('expected inputs of one length, of a row at least');
  return columns;
}

/** A row an entity; an empty text is an id that is not there. */
export function entitiesOf(columns: ReadonlyMap<string, readonly string[]>): readonly PredictionEntity[] {
  const [first] = columns.values();
  return first.map((_, row) =>
    Object.fromEntries(
      [...columns].flatMap(([name, values]) => (values[row] === '' ? [] : [[name, values[row]]])),
    ),
  );
}

/** @throws Problem bad_request for an output there is none of */
export function writeOutputs(
  predictions: readonly Prediction[],
  asked: InferenceRequest['outputs'],
): Static<typeof InferenceResponseSchema>['outputs'] {
  const names = asked ? asked.map(({ name }) => name) : Object.keys(OUTPUTS);
  return names.map((name) => {
    if (!Object.hasOwn(OUTPUTS, name)) throw bad(`expected outputs among ${Object.keys(OUTPUTS).join(', ')}`);
    const { datatype, of } = OUTPUTS[name];
    return { name, shape: [predictions.length], datatype, data: predictions.map(of) };
  });
}

const bad = (detail: string): Problem => new Problem('bad_request', detail);
