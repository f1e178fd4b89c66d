// How a published encoder is meant to be used: what sentence-transformers' files and names say about it.
import { join } from 'node:path';
import { isRecord } from '../../core/canonical-json.ts';
import { AppError } from '../../core/errors.ts';
import type { TextPooling, TextPrefixes } from '../text/text-encoder.ts';
import { type ConfigFile, readConfigFile, readConfigJson } from './config-file.ts';

/** What the files say; what they do not say is absent. */
export interface FoundUse {
  /** Where config.json and weights lie, inside the folder. */
  readonly base: string;
  readonly pooling?: TextPooling;
  readonly isNormalised?: boolean;
  readonly maxLength?: number;
  readonly prefixes?: TextPrefixes;
}

const NO_PREFIXES: TextPrefixes = { query: '', passage: '' };

/**
 * Reads modules.json, the pooling's config.json, sentence_bert_config.json, tokenizer_config.json and
 * config_sentence_transformers.json, where they are there.
 *
 * @throws AppError BAD_FILE for modules that would change the vectors and that we do not have
 */
export async function readTextUse(folder: string): Promise<FoundUse> {
  const modules = await readModules(folder);
  const base = modules.find(({ kind }) => kind === 'Transformer')?.path ?? '';
  const pooling = modules.find(({ kind }) => kind === 'Pooling');
  const poolingFile = pooling && (await readConfigFile(folder, join(pooling.path, 'config.json')));
  const sentences = await readConfigFile(join(folder, base), 'sentence_bert_config.json');
  const tokenizer = await readConfigFile(join(folder, base), 'tokenizer_config.json');
  const maxLength = lengthIn(sentences, 'max_seq_length') ?? lengthIn(tokenizer, 'model_max_length');
  const prefixes = promptsIn(await readConfigFile(folder, 'config_sentence_transformers.json'));
  return {
    base,
    ...(poolingFile === undefined ? {} : { pooling: poolingIn(poolingFile) }),
    ...(modules.length === 0 ? {} : { isNormalised: modules.some(({ kind }) => kind === 'Normalize') }),
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(prefixes === undefined ? {} : { prefixes }),
  };
}

interface ModuleEntry {
  /** The class's last name: `Pooling`. */
  readonly kind: string;
  readonly path: string;
}

const KINDS = ['Transformer', 'Pooling', 'Normalize'];

async function readModules(folder: string): Promise<readonly ModuleEntry[]> {
  const parsed = await readConfigJson(folder, 'modules.json');
  if (parsed === undefined) return [];
  if (!Array.isArray(parsed)) throw new AppError('BAD_FILE', 'modules.json: expected a list of modules');
  return parsed.map((entry: unknown) => {
    const { type, path } = isRecord(entry) ? entry : {};
    if (typeof type !== 'string' || typeof path !== 'string' || path.split(/[\\/]/).includes('..'))
      throw new AppError(
        'BAD_FILE',
        'modules.json: expected each module to have a type and a path inside the folder',
      );
    const kind = type.split('.').at(-1) as string;
    if (!KINDS.includes(kind))
      throw new AppError(
        'BAD_FILE',
        `modules.json: expected modules ${KINDS.join(', ')}, got ${kind}, which would change the vectors`,
      );
    return { kind, path };
  });
}

const MODES: Readonly<Record<string, TextPooling>> = { cls: 'first', mean: 'mean', max: 'max' };

function poolingIn({ file, members }: ConfigFile): TextPooling {
  const flags = Object.keys(members)
    .filter((name) => name.startsWith('pooling_mode_') && members[name] === true)
    .map((name) => name.slice('pooling_mode_'.length).replace(/_tokens?$/, ''));
  const modes = typeof members.pooling_mode === 'string' ? [members.pooling_mode] : flags;
  const [mode] = modes;
  if (modes.length !== 1 || mode === undefined || !Object.hasOwn(MODES, mode))
    throw new AppError(
      'BAD_FILE',
      `${file}: expected one pooling of ${Object.keys(MODES).join(', ')}, got ${modes.join(' + ') || 'none'}`,
    );
  return MODES[mode];
}

/** Some files hold an enormous number for "no limit". */
function lengthIn(config: ConfigFile | undefined, name: string): number | undefined {
  const value = config?.members[name];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 && value < 1e6
    ? value
    : undefined;
}

function promptsIn(config: ConfigFile | undefined): TextPrefixes | undefined {
  const { prompts } = config?.members ?? {};
  if (!isRecord(prompts)) return undefined;
  const text = (...names: readonly string[]): string =>
    names.map((name) => prompts[name]).find((value): value is string => typeof value === 'string') ?? '';
  const found = { query: text('query'), passage: text('passage', 'document') };
  return found.query === '' && found.passage === '' ? undefined : found;
}

/** Families trained with words in front, known by what their models are called. */
const BY_NAME: readonly (readonly [RegExp, TextPrefixes])[] = [
  // Wang et al. 2022, arXiv:2212.03533, and the multilingual models after it; the instructed ones want words of their own
  [/(^|[/_-])(multilingual-)?e5-(?!.*instruct)/i, { query: 'query: ', passage: 'passage: ' }],
  // Xiao et al. 2023, arXiv:2309.07597: queries alone
  [
    /(^|[/_-])bge-(small|base|large)-en/i,
    { query: 'Represent this sentence for searching relevant passages: ', passage: '' },
  ],
  [/(^|[/_-])bge-(small|base|large)-zh/i, { query: '为这个句子生成表示以用于检索相关文章：', passage: '' }],
];

/** What is put in front of texts by a model of one of these names. */
export function prefixesByName(names: readonly string[]): TextPrefixes {
  return BY_NAME.find(([pattern]) => names.some((name) => pattern.test(name)))?.[1] ?? NO_PREFIXES;
}
