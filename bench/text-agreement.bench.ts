// Whether vectors are transformers.js' own, family by family, on the tiny encoders of the tests.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openEncoder } from '../src/encoders/folder/open-encoder.ts';
import { embedTexts } from '../src/encoders/text/embed.ts';
import { nodeBackend } from '../src/tensor/session/session-node.ts';
import { atMost, type Bench, type Target } from './bench.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const PACKAGES = process.env.FORESELL_PEERS_TRANSFORMERS_JS ?? here('../.peers/transformers-js');
const FAMILIES: Readonly<Record<string, string>> = {
  bert: '[PAD]',
  roberta: '<pad>',
  'xlm-roberta': '<pad>',
  distilbert: '[PAD]',
};
/** float32 on both sides, in another order of adding. */
const LIMIT = 1e-4;

export const bench: Bench = async ({ log }) => {
  const targets: Target[] = [];
  let version: string | undefined;
  if (!existsSync(join(PACKAGES, 'node_modules/@huggingface/transformers')))
    log('left out: transformers.js is not installed (bench/peers/README.md)');
  else
    for (const [family, pad] of Object.entries(FAMILIES)) {
      const source = here(`../test/fixtures/encoders/${family}`);
      const { texts } = JSON.parse(readFileSync(join(source, 'reference.json'), 'utf8')) as {
        readonly texts: readonly string[];
      };
      const theirs = askPeer(source, { family, pad, texts });
      version = theirs.version;
      const encoder = await openEncoder(source);
      const options = { backend: nodeBackend, pooling: 'mean', isNormalised: false } as const;
      const ours = await embedTexts(encoder, texts, options);
      const gap = theirs.vectors
        .flat()
        .reduce((most, value, i) => Math.max(most, Math.abs(value - ours[i])), 0);
      targets.push(
        atMost(`${family}: largest difference from transformers.js`, gap, LIMIT, `${ours.length} numbers`),
      );
    }
  return {
    bench: 'text-agreement',
    protocol: `mean over pieces, not normalised; our weights from safetensors, theirs from the ONNX file beside (transformers.js ${version ?? 'absent'})`,
    targets,
    figures: {},
  };
};

interface PeerVectors {
  readonly version: string;
  readonly vectors: readonly (readonly number[])[];
}

/** It wants a tokenizer_config.json, which says little more than how padding is called. */
function askPeer(
  source: string,
  {
    family,
    pad,
    texts,
  }: { readonly family: string; readonly pad: string; readonly texts: readonly string[] },
): PeerVectors {
  const root = mkdtempSync(join(tmpdir(), 'foresell-agreement-'));
  try {
    const folder = join(root, family);
    cpSync(source, folder, { recursive: true });
    writeFileSync(
      join(folder, 'tokenizer_config.json'),
      JSON.stringify({ tokenizer_class: 'PreTrainedTokenizerFast', pad_token: pad }),
    );
    const args = [here('peers/transformers-js/embed.mjs'), '--packages', PACKAGES, '--model', folder];
    const answer = execFileSync(process.execPath, args, { input: JSON.stringify(texts), encoding: 'utf8' });
    return JSON.parse(answer.trim().split('\n').at(-1) as string) as PeerVectors;
  } finally {
    rmSync(root, { recursive: true });
  }
}
