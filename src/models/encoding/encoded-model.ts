// A model and the encoders in front of it as one: it reads the table's own columns and explains itself in their names.
import type { Frame } from '../../core/frame.ts';
import type { Attribution, Model, SavedModel } from '../estimator.ts';
import { arraysOf, arraysUnder, headOf, type SavedHead } from '../nested-model.ts';
import { asJson, readState, type SavedState } from '../saved.ts';
import type { Encoder } from './encoder.ts';
import { applyEncoders, loadEncoder } from './encoders.ts';

/** What saved models of this kind call themselves, whichever estimator is inside. */
export const ENCODED = 'encoded';

const FORMAT = 1;

export interface EncodedParts {
  readonly inner: Model;
  readonly encoders: readonly Encoder[];
}

interface EncodedState extends SavedState {
  readonly inner: SavedHead;
  readonly encoders: readonly { readonly kind: Encoder['kind']; readonly state: SavedHead['state'] }[];
}

/** Encoders of which the model reads nothing are dropped. */
export function encodedModel({ inner, encoders }: EncodedParts): Model {
  const read = new Set(inner.inputs);
  const kept = encoders.filter(({ outputs }) => outputs.some((output) => read.has(output)));
  const made = new Set(encoders.flatMap(({ outputs }) => outputs));
  const own = inner.inputs.filter((input) => !made.has(input));
  const encode = (frame: Frame) => applyEncoders(kept, frame);
  return {
    estimator: inner.estimator,
    question: inner.question,
    link: inner.link,
    inputs: [...new Set([...own, ...kept.flatMap(({ inputs }) => inputs)])],
    predict: async (frame) => inner.predict(await encode(frame)),
    margin: async (frame) => inner.margin(await encode(frame)),
    ...(inner.attribute && {
      attribute: async (frame: Frame, output?: number) =>
        creditSources(await inner.attribute!(await encode(frame), output), kept, frame.rows),
    }),
    ...(inner.attributeEvents && {
      attributeEvents: async (frame: Frame, signal?: AbortSignal) =>
        inner.attributeEvents!(await encode(frame), signal),
    }),
    ...(inner.forest && kept.length === 0 && { forest: () => inner.forest!() }),
    ...(inner.band && { band: async (frame: Frame) => inner.band!(await encode(frame)) }),
    save: () => saveEncoded({ inner, encoders: kept }),
  };
}

/** What columns made from one column contribute is that column's contribution; sums stay exact. */
function creditSources(attribution: Attribution, encoders: readonly Encoder[], rows: number): Attribution {
  const sources = new Map(
    encoders.flatMap(({ source, outputs }) => outputs.map((output) => [output, source] as const)),
  );
  const credited = attribution.features.map((feature) => sources.get(feature) ?? feature);
  const features = [...new Set(credited)];
  const places = credited.map((feature) => features.indexOf(feature));
  const values = new Float64Array(rows * features.length);
  for (let row = 0; row < rows; row++) {
    for (let j = 0; j < places.length; j++) {
      values[row * features.length + places[j]] += attribution.values[row * places.length + j];
    }
  }
  return { features, base: attribution.base, values };
}

function saveEncoded({ inner, encoders }: EncodedParts): SavedModel {
  const own = inner.save();
  const saved = encoders.map((encoder) => encoder.save());
  return {
    estimator: ENCODED,
    format: FORMAT,
    state: asJson({
      question: inner.question,
      inner: headOf(own),
      encoders: saved.map((encoder) => ({ kind: encoder.kind, state: encoder.state })),
    }),
    arrays: {
      ...arraysUnder('inner', own.arrays),
      ...Object.assign({}, ...saved.map((encoder, k) => arraysUnder(`encoder-${k}`, encoder.arrays))),
    },
  };
}

/** @param loadInner how the model inside comes back; encoders do not know which estimators there are */
export function loadEncoded(saved: SavedModel, loadInner: (saved: SavedModel) => Model): Model {
  const state = readState<EncodedState>(saved, ENCODED, FORMAT, ['inner', 'encoders']);
  return encodedModel({
    inner: loadInner({ ...state.inner, arrays: arraysOf('inner', saved.arrays) }),
    encoders: state.encoders.map((encoder, k) =>
      loadEncoder({ ...encoder, arrays: arraysOf(`encoder-${k}`, saved.arrays) }),
    ),
  });
}
