// Pictures through small networks written here: vectors equal the arithmetic by hand, one bad picture harms no other.
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { AppError } from '../../core/errors.ts';
import type { OnnxModel, OnnxValue } from '../../tensor/onnx/model.ts';
import { readModel } from '../../tensor/onnx/read.ts';
import { writeModel } from '../../tensor/onnx/write.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import { openVectorCache } from '../cache/vector-cache.ts';
import { embedImages, embedImagesCached } from './embed-images.ts';
import type { DecodeImage } from './image-decoder.ts';
import { openImageEncoder } from './image-encoder.ts';
import { imageBytes, imageFile, imageFolder } from './image-source.ts';

const root = mkdtempSync(join(tmpdir(), 'foresell-pictures-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const value = (name: string, dims: readonly (number | string)[]): OnnxValue => ({
  name,
  elementType: 'float',
  dims,
});

/** Doubles its input; what is asked for comes out beside it. */
const doubling = (input: OnnxValue, outputs: readonly OnnxValue[], more: OnnxModel['graph']['nodes'] = []) =>
  ({
    irVersion: 8,
    opsets: { '': 17 },
    producer: '',
    metadata: {},
    graph: {
      name: 'doubling',
      nodes: [
        {
          opType: 'Add',
          domain: '',
          name: 'twice',
          inputs: [input.name, input.name],
          outputs: ['map'],
          attributes: {},
        },
        ...more,
      ],
      inputs: [input],
      outputs,
      initializers: [],
    },
  }) satisfies OnnxModel;

const flattening = (input: string, output: string) => ({
  opType: 'Flatten',
  domain: '',
  name: output,
  inputs: [input],
  outputs: [output],
  attributes: { axis: { int: 1 } },
});

function folderOf(name: string, model: OnnxModel, fields: object = {}): string {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'model.onnx'), writeModel(model));
  const plain = { size: { height: 2, width: 2 }, do_normalize: false, rescale_factor: 1 };
  writeFileSync(join(folder, 'preprocessor_config.json'), JSON.stringify({ ...plain, ...fields }));
  return folder;
}

/** A picture is its first byte: pixel p, colour c is byte + 3p + c. */
const made: DecodeImage = async (bytes) => {
  if (bytes[0] === 0) throw new AppError('BAD_FILE', 'none');
  return Uint8Array.from({ length: 12 }, (_, i) => bytes[0] + i);
};
const pictures = (...first: number[]) => first.map((byte, i) => imageBytes(`${i}.png`, Uint8Array.of(byte)));
const options = { backend: nodeBackend, decode: made, batch: 2 };

describe('a map of features', () => {
  // Twice the mean of byte + 3p + c over p = 0 … 3.
  const expected = (byte: number) => [0, 1, 2].map((c) => 2 * (byte + 4.5 + c));

  it.each([
    ['as planes', ['batch', 3, 2, 2]],
    ['side by side', ['batch', 2, 2, 3]],
  ] as const)('%s is averaged over space, in batches with a last one that is not full', async (_, dims) => {
    const encoder = openImageEncoder(
      folderOf(dims.join('-'), doubling(value('x', dims), [value('map', dims)])),
    );
    const { vectors, width, present } = await embedImages(encoder, pictures(1, 10, 20, 30, 40), options);
    expect(width).toBe(3);
    expect(Array.from(vectors)).toEqual([1, 10, 20, 30, 40].flatMap(expected));
    expect(Array.from(present)).toEqual([1, 1, 1, 1, 1]);
  });
});

describe('one vector a picture', () => {
  const x = value('x', ['batch', 3, 2, 2]);
  const both = doubling(
    x,
    [value('map', ['batch', 3, 2, 2]), value('logits', ['batch', 12]), value('pooler_output', ['batch', 12])],
    [flattening('map', 'logits'), flattening('x', 'pooler_output')],
  );
  const folder = folderOf('vector', both);

  it('is taken by its usual name, else by the name asked for', async () => {
    const encoder = openImageEncoder(folder);
    expect([encoder.output, encoder.pooling, encoder.width]).toEqual(['pooler_output', 'given', 12]);
    expect(openImageEncoder(folder, { output: 'logits' }).output).toBe('logits');
    expect(() => openImageEncoder(folder, { output: 'nothing' })).toThrow('expected an output among');
    expect(openImageEncoder(folder, { output: 'logits' }).hash).not.toBe(encoder.hash);
    const { vectors } = await embedImages(encoder, pictures(5), options);
    // Planes: colour c of pixel p at 4c + p.
    expect(Array.from(vectors)).toEqual(
      Array.from({ length: 12 }, (_, i) => 5 + 3 * (i % 4) + Math.floor(i / 4)),
    );
  });

  it('is missing for a picture that cannot be read, and the others have theirs', async () => {
    const encoder = openImageEncoder(folder);
    const { vectors, present, faults } = await embedImages(encoder, pictures(1, 0, 3), options);
    expect(Array.from(present)).toEqual([1, 0, 1]);
    expect(faults).toEqual([{ index: 1, name: '1.png', message: 'none' }]);
    expect(vectors.slice(12, 24).every((one) => one === 0)).toBe(true);
    expect(vectors[24]).toBe(3);
  });

  it('is missing for a link that leads to itself', async () => {
    const loop = join(root, 'loop.jpg');
    symlinkSync('loop.jpg', loop);
    await expect(async () => imageFile(loop).read(1e6)).rejects.toMatchObject({ code: 'BAD_FILE' });
  });

  it('is worked out once for each picture, whatever its name', async () => {
    const encoder = openImageEncoder(folder);
    const cache = openVectorCache(join(root, 'kept'), encoder);
    const first = await embedImagesCached(encoder, pictures(1, 0, 3), options, cache);
    expect(first).toMatchObject({ reused: 0, faults: [{ index: 1 }] });
    const never: DecodeImage = async (bytes) => {
      expect([0, 9]).toContain(bytes[0]);
      return made(bytes, encoder.processing, { bytes: 1, pixels: 1 });
    };
    const again = await embedImagesCached(
      encoder,
      pictures(3, 9, 0, 1),
      { ...options, decode: never },
      cache,
    );
    expect(again).toMatchObject({ reused: 2, faults: [{ index: 2, name: '2.png' }] });
    expect(Array.from(again.present)).toEqual([1, 1, 0, 1]);
    const plain = await embedImages(encoder, pictures(3, 9, 0, 1), options);
    expect(again.vectors).toEqual(plain.vectors);
  });

  it('comes of no picture at all, and a call to stop is heard', async () => {
    const encoder = openImageEncoder(folder);
    expect((await embedImages(encoder, [], options)).vectors).toHaveLength(0);
    const stopped = embedImages(encoder, pictures(1, 2), { ...options, signal: AbortSignal.abort() });
    await expect(stopped).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

describe('a folder that is no encoder of pictures', () => {
  it('names what is missing or does not fit', () => {
    expect(() => openImageEncoder(join(root, 'nowhere'))).toThrow('there is none');
    const bare = join(root, 'bare');
    mkdirSync(bare, { recursive: true });
    expect(() => openImageEncoder(bare)).toThrow('"preprocessor_config.json"');
    writeFileSync(join(bare, 'preprocessor_config.json'), '{"size":{"height":2,"width":2}}');
    expect(() => openImageEncoder(bare)).toThrow('expected "model.onnx"');
    const sizes = doubling(value('x', ['batch', 3, 9, 9]), [value('map', ['batch', 3, 9, 9])]);
    expect(() => openImageEncoder(folderOf('sizes', sizes))).toThrow('pictures of 2 × 2');
    const flat = doubling(value('x', ['batch', 3]), [value('map', ['batch', 3])]);
    expect(() => openImageEncoder(folderOf('flat', flat))).toThrow('one float input');
  });
});

const MOBILENET = '../shared/models/mobilenet-v2-1.0-224-imagenet-dequant';
describe.skipIf(!existsSync(MOBILENET))(`MobileNetV2 (needs ${MOBILENET})`, () => {
  it('gives what its whole graph gives, from a folder with a file that is no picture', async () => {
    const folder = join(root, 'photographs');
    mkdirSync(folder);
    for (const [name, r] of [
      ['a.png', 250],
      ['b.png', 20],
    ] as const)
      await sharp({ create: { width: 300, height: 200, channels: 3, background: { r, g: 90, b: 60 } } })
        .png()
        .toFile(join(folder, name));
    writeFileSync(join(folder, 'c.jpg'), 'none');
    writeFileSync(join(folder, 'notes.txt'), 'not looked at');
    const encoder = openImageEncoder(MOBILENET);
    const sources = imageFolder(folder);
    const { vectors, faults } = await embedImages(encoder, sources, { backend: nodeBackend });
    expect(faults.map(({ name }) => name)).toEqual(['c.jpg']);

    const { readFileSync } = await import('node:fs');
    const whole = readModel(readFileSync(join(MOBILENET, 'model.onnx')));
    const pixels = new Float32Array(3 * 224 * 224);
    [250, 90, 60].forEach((byte, c) => {
      pixels.fill((byte / 255 - 0.5) / 0.5, c * 224 * 224, (c + 1) * 224 * 224);
    });
    const inputs = [{ ...whole.graph.inputs[0], dims: [1, 3, 224, 224] }];
    const session = await nodeBackend.open({ ...whole, graph: { ...whole.graph, inputs } });
    const { image_embedding: own } = await session.run({ pixel_values: pixels });
    await session.release();
    for (let k = 0; k < encoder.width; k++) expect(vectors[k]).toBeCloseTo(Number(own[k]), 4);
  });
});
