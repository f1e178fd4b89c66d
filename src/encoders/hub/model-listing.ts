// What a hub says of a model: its commit, its licence, its files and which of them an encoder needs.
import { isRecord } from '../../core/canonical-json.ts';
import { AppError } from '../../core/errors.ts';
import { isBertFamily } from '../folder/bert-config.ts';
import { type Hub, Passing, request, requireAnswer, withRetries } from './hub-request.ts';

export interface ListedFile {
  readonly path: string;
  readonly bytes?: number;
  readonly sha256?: string;
}

export interface ModelListing {
  readonly commit: string;
  /** As the hub spells it: `apache-2.0`; absent where the model names none. */
  readonly licence?: string;
  /** `model_type` of its config.json, where the hub says it. */
  readonly modelType?: string;
  readonly files: readonly ListedFile[];
}

/** A list of a few hundred files. */
const LARGEST_LISTING = 16_000_000;

/**
 * Asks a hub for a model at a revision.
 *
 * @throws AppError NOT_FOUND, UNREACHABLE; BAD_FILE for an answer that is no listing
 */
export async function fetchListing(
  hub: Hub,
  id: string,
  { revision, signal }: { readonly revision: string; readonly signal?: AbortSignal | undefined },
): Promise<ModelListing> {
  return withRetries(hub, signal, async () => {
    const path = `api/models/${id}/revision/${encodeURIComponent(revision)}?blobs=true`;
    const response = await request(hub, path, { signal });
    requireAnswer(response, `model ${id} at ${revision}`, [200]);
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of response.chunks()) {
      bytes += chunk.length;
      if (bytes > LARGEST_LISTING) throw bad(id, 'it is too long');
      parts.push(chunk);
    }
    const wanted = response.header('content-length');
    if (wanted !== undefined && response.header('content-encoding') === undefined && Number(wanted) !== bytes)
      throw new Passing(`the hub broke off after ${bytes} bytes of its listing`);
    return readListing(id, Buffer.concat(parts).toString('utf8'), response.header('x-repo-commit'));
  });
}

function readListing(id: string, text: string, header: string | undefined): ModelListing {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw bad(id, 'it is not JSON');
  }
  const { sha, siblings, cardData, tags, config } = isRecord(parsed) ? parsed : {};
  const commit = header ?? sha;
  if (typeof commit !== 'string' || !/^[0-9a-f]{40,64}$/.test(commit)) throw bad(id, 'it names no commit');
  if (!Array.isArray(siblings)) throw bad(id, 'it names no files');
  const licence = licenceIn(cardData, tags);
  const modelType = isRecord(config) && typeof config.model_type === 'string' ? config.model_type : undefined;
  return {
    commit,
    files: siblings.flatMap(listedFile),
    ...(licence !== undefined && { licence }),
    ...(modelType !== undefined && { modelType }),
  };
}

function licenceIn(card: unknown, tags: unknown): string | undefined {
  const said = isRecord(card) ? card.license : undefined;
  if (typeof said === 'string') return said;
  const tag: unknown = Array.isArray(tags)
    ? tags.find((one) => typeof one === 'string' && one.startsWith('license:'))
    : undefined;
  return typeof tag === 'string' ? tag.slice('license:'.length) : undefined;
}

function listedFile(entry: unknown): readonly ListedFile[] {
  const { rfilename: path, size, lfs } = isRecord(entry) ? entry : {};
  if (typeof path !== 'string') return [];
  const sha256 =
    isRecord(lfs) && typeof lfs.sha256 === 'string' && /^[0-9a-f]{64}$/.test(lfs.sha256)
      ? lfs.sha256
      : undefined;
  const bytes = typeof size === 'number' && Number.isSafeInteger(size) ? size : undefined;
  return [{ path, ...(bytes === undefined ? {} : { bytes }), ...(sha256 === undefined ? {} : { sha256 }) }];
}

/** Small files an encoder is described by, those of `1_Pooling` among them. */
const DESCRIPTIONS =
  /^(config|tokenizer|tokenizer_config|special_tokens_map|modules|sentence_bert_config|config_sentence_transformers|preprocessor_config)\.json$|^\w+\/config\.json$|^LICENSE(\.txt|\.md)?$/;
const SHARDS = /^model-\d+-of-\d+\.safetensors$/;
const ONNX: readonly (readonly RegExp[])[] = [[/^onnx\/model\.onnx$/], [/^model\.onnx$/]];
/** The first that is there; networks we know no names of are run as their ONNX file says. */
const WEIGHTS: readonly (readonly RegExp[])[] = [
  [/^model\.safetensors$/],
  [/^model\.safetensors\.index\.json$/, SHARDS],
  ...ONNX,
];

/**
 * The files an encoder is opened from: what describes it, and its weights in the first form we read.
 *
 * @throws AppError NOT_FOUND for a model without tokenizer.json, or with weights in other forms alone
 */
export function encoderFiles(id: string, { files, modelType }: ModelListing): readonly ListedFile[] {
  const isNamed = modelType === undefined || isBertFamily(modelType);
  const weights = (isNamed ? WEIGHTS : ONNX).find((patterns) =>
    patterns.every((pattern) => files.some(({ path }) => pattern.test(path))),
  );
  if (weights === undefined)
    throw new AppError(
      'NOT_FOUND',
      isNamed
        ? `${id}: expected model.safetensors or an ONNX file, the hub has neither; pickled weights are not read, they can carry code`
        : `${id}: expected an ONNX file, from which networks of type "${modelType}" are read, the hub has none`,
    );
  if (!files.some(({ path }) => path === 'tokenizer.json'))
    throw new AppError(
      'NOT_FOUND',
      `${id}: expected tokenizer.json, the hub has none; take a model with its tokenizer in the fast form`,
    );
  return files.filter(({ path }) => DESCRIPTIONS.test(path) || weights.some((pattern) => pattern.test(path)));
}

const bad = (id: string, why: string): AppError =>
  new AppError('BAD_FILE', `expected the hub's listing of ${id}, got what is none: ${why}`);
