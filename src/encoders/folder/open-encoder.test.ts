// Folders of four families against PyTorch's numbers, as safetensors and as ONNX; what is missing is named.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { AppError } from '../../core/errors.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import { rebuildEncoder } from '../families/rebuild-encoder.ts';
import { embedTexts } from '../text/embed.ts';
import { openEncoder } from './open-encoder.ts';

const FIXTURES = new URL('../../../test/fixtures/encoders/', import.meta.url).pathname;
const FAMILIES = ['bert', 'roberta', 'xlm-roberta', 'distilbert'];

interface Reference {
  readonly texts: readonly string[];
  readonly pieces: readonly (readonly number[])[];
  readonly mean: readonly (readonly number[])[];
  readonly normalised: readonly (readonly number[])[];
  readonly first: readonly (readonly number[])[];
  readonly max: readonly (readonly number[])[];
}

const referenceOf = (family: string): Reference =>
  JSON.parse(readFileSync(join(FIXTURES, family, 'reference.json'), 'utf8'));

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
});

/** A copy of a fixture that a test may spoil. */
function copyOf(family: string, without: readonly string[] = []): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'foresell-encoder-')), family);
  made.push(join(folder, '..'));
  cpSync(join(FIXTURES, family), folder, { recursive: true });
  for (const file of without) rmSync(join(folder, file), { recursive: true });
  return folder;
}

function largestGap(got: Float32Array, wanted: readonly (readonly number[])[]): number {
  const flat = wanted.flat();
  expect(got.length).toBe(flat.length);
  return flat.reduce((gap, value, i) => Math.max(gap, Math.abs(value - got[i])), 0);
}

const SHARDS = [
  'model.safetensors.index.json',
  'model-00001-of-00002.safetensors',
  'model-00002-of-00002.safetensors',
];
const weightsOf = (family: string): readonly string[] =>
  family === 'xlm-roberta' ? SHARDS : ['model.safetensors'];

describe.each(FAMILIES)('%s', (family) => {
  const reference = referenceOf(family);
  const forms = [
    ['safetensors', () => join(FIXTURES, family)],
    ['onnx', () => copyOf(family, weightsOf(family))],
  ] as const;

  it.each(forms)('gives the vectors PyTorch gives, read from %s', async (form, folder) => {
    const encoder = await openEncoder(folder());
    expect(encoder.plan.family === 'onnx').toBe(form === 'onnx');
    expect(reference.texts.map((text) => [...encoder.tokenizer.encode(text, encoder.maxLength)])).toEqual(
      reference.pieces.map((pieces) => [...pieces]),
    );
    for (const pooling of ['mean', 'max', 'first'] as const) {
      const options = { backend: nodeBackend, pooling, isNormalised: false };
      const vectors = await embedTexts(encoder, reference.texts, options);
      // float32 against float64: a few units of the last place of numbers around 2, through two blocks
      expect(largestGap(vectors, reference[pooling]), `${form} ${pooling}`).toBeLessThan(1e-5);
    }
  });
});

describe('what lies beside the weights', () => {
  it("takes pooling, length and normalisation from sentence-transformers' files", async () => {
    const mean = await openEncoder(join(FIXTURES, 'bert'));
    expect([mean.pooling, mean.isNormalised, mean.maxLength]).toEqual(['mean', true, 20]);
    const vectors = await embedTexts(mean, referenceOf('bert').texts, { backend: nodeBackend });
    expect(largestGap(vectors, referenceOf('bert').normalised)).toBeLessThan(1e-5);

    const first = await openEncoder(join(FIXTURES, 'xlm-roberta'));
    expect([first.pooling, first.isNormalised, first.maxLength]).toEqual(['first', false, 40]);
  });

  it('rebuilds from plan and values the encoder it was', async () => {
    for (const family of ['bert', 'roberta', 'distilbert']) {
      const opened = await openEncoder(join(FIXTURES, family));
      const rebuilt = rebuildEncoder(
        structuredClone({ name: 'again', plan: opened.plan, values: opened.values }),
      );
      expect(rebuilt.hash).toBe(opened.hash);
      expect([rebuilt.maxLength, rebuilt.pooling]).toEqual([opened.maxLength, opened.pooling]);
    }
    const onnx = await openEncoder(copyOf('bert', ['model.safetensors']));
    expect(rebuildEncoder({ name: 'again', plan: onnx.plan, values: onnx.values }).hash).toBe(onnx.hash);
    expect(onnx.blocks).toBe(2);
  });

  it('knows E5 and BGE by name, and their prefixes change the vectors', async () => {
    const folder = join(FIXTURES, 'roberta');
    const e5 = await openEncoder(folder, { name: 'intfloat/multilingual-e5-small' });
    expect(e5.prefixes).toEqual({ query: 'query: ', passage: 'passage: ' });
    const bge = await openEncoder(folder, { name: 'BAAI/bge-small-zh-v1.5' });
    expect(bge.prefixes.passage).toBe('');
    expect(bge.prefixes.query).toContain('检索');
    expect((await openEncoder(folder)).prefixes).toEqual({ query: '', passage: '' });

    const embed = (kind: 'query' | 'passage') =>
      embedTexts(e5, ['red shoes'], { backend: nodeBackend, kind });
    const plain = await openEncoder(folder);
    const byHand = await embedTexts(plain, ['query: red shoes'], { backend: nodeBackend });
    expect(await embed('query')).toEqual(byHand);
    expect(await embed('passage')).not.toEqual(byHand);
  });
});

describe('a folder that is not whole', () => {
  const refused = async (folder: string): Promise<AppError> => {
    const error = await openEncoder(folder).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    expect(error).toBeInstanceOf(AppError);
    return error as AppError;
  };

  it.each([
    ['tokenizer.json', 'bert', ['tokenizer.json']],
    ['config.json', 'roberta', ['config.json']],
    ['model.safetensors', 'distilbert', ['model.safetensors', 'onnx']],
    ['model-00002-of-00002.safetensors', 'xlm-roberta', ['model-00002-of-00002.safetensors']],
  ])('names the missing %s', async (file, family, without) => {
    const { code, message } = await refused(copyOf(family, without));
    expect(code).toBe('NOT_FOUND');
    expect(message).toContain(file);
  });

  it('says why a pickled checkpoint is not read', async () => {
    const folder = copyOf('bert', ['model.safetensors', 'onnx']);
    writeFileSync(join(folder, 'pytorch_model.bin'), 'x');
    expect((await refused(folder)).message).toMatch(/pytorch_model\.bin is there, which is not read/);
  });

  it('refuses weights of another shape than config.json says', async () => {
    const folder = copyOf('bert', ['onnx']);
    const path = join(folder, 'config.json');
    const config = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify({ ...config, intermediate_size: 20 }));
    const { code, message } = await refused(folder);
    expect(code).toBe('BAD_FILE');
    expect(message).toMatch(/config\.json asks for \[20, 8\], the file has \[16, 8\]/);
  });

  it('refuses kinds of models and modules it would read wrongly', async () => {
    const folder = copyOf('bert', ['onnx']);
    const path = join(folder, 'config.json');
    const config = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify({ ...config, model_type: 'mpnet' }));
    expect((await refused(folder)).message).toMatch(/expected model_type .*got "mpnet"/);
    writeFileSync(path, JSON.stringify({ ...config, position_embedding_type: 'relative_key' }));
    expect((await refused(folder)).message).toMatch(/absolute places/);
    writeFileSync(path, JSON.stringify(config));
    const dense = [{ idx: 0, path: '2_Dense', type: 'sentence_transformers.models.Dense' }];
    writeFileSync(join(folder, 'modules.json'), JSON.stringify(dense));
    expect((await refused(folder)).message).toMatch(/got Dense/);
  });

  it('says that there is no folder', async () => {
    expect((await refused(join(tmpdir(), 'no-such-encoder'))).code).toBe('NOT_FOUND');
  });
});
