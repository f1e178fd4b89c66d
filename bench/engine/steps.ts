// Whole training steps beside PyTorch and TensorFlow.js: the same model, the same batches, in turn.
import { atLeast, atMost, type BenchOptions, type Target } from '../bench.ts';
import { interleave } from '../interleave.ts';
import { type Peer, type PeerName, peerAbsence, startPeer } from '../peers.ts';
import type { LossName, ModelName } from './decoder.ts';
import type { MeasurePart, Part } from './part.ts';
import { startOurs } from './start-ours.ts';
import { compareWithProducts } from './wide-rate.ts';

/** One comparison: our step against some peers', and what is asked of it. */
export interface Comparison {
  readonly model: ModelName;
  readonly loss: LossName;
  readonly dropout: number;
  /** Name → how to start it. */
  readonly peers: Readonly<
    Record<
      string,
      {
        readonly peer: PeerName;
        readonly args: readonly string[];
        readonly env?: Readonly<Record<string, string>>;
      }
    >
  >;
  /** Peer → how many times our time its step must take. */
  readonly atLeast: Readonly<Record<string, number>>;
  /** Our memory as a share of this peer's. */
  readonly memory?: { readonly peer: string; readonly share: number };
  readonly rounds: number;
  readonly steps: number;
}

export async function compareSteps(
  comparison: Comparison,
  { threads, seed, log }: BenchOptions,
): Promise<Part> {
  const { model, loss, dropout, rounds, steps } = comparison;
  const title = `${model} ${loss}, dropout ${dropout}`;
  const common = [
    '--loss',
    loss,
    '--dropout',
    String(dropout),
    '--threads',
    String(threads),
    '--seed',
    String(seed),
  ];
  const started: Record<string, Peer> = {};
  const leftOut: string[] = [];
  try {
    started['ours'] = await startOurs(['--model', model, ...common]);
    for (const [name, { peer, args }] of Object.entries(comparison.peers)) {
      const absence = peerAbsence(peer);
      if (absence === undefined)
        started[name] = await startPeer(peer, [
          ...(peer === 'sasrec_tfjs' ? ['--dropout', String(dropout)] : common),
          ...args,
        ]);
      else leftOut.push(absence);
    }
    const odd = Object.entries(started).filter(
      ([, { ready }]) =>
        ready.batches !== started['ours']?.ready.batches ||
        ready.parameters !== started['ours']?.ready.parameters,
    );
    if (odd.length > 0)
      throw new Error(
        `expected the same model and batches of every contestant; not so: ${odd.map(([name]) => name)}`,
      );

    const peaks: Record<string, number> = {};
    const losses: Record<string, readonly number[]> = {};
    const contestants = Object.fromEntries(
      Object.entries(started).map(([name, peer]) => [
        name,
        async () => {
          const got = await peer.run(name === 'tfjs' ? Math.min(steps, 3) : steps);
          peaks[name] = got.peakBytes;
          losses[name] = [...(losses[name] ?? []), ...got.losses];
          return got.milliseconds;
        },
      ]),
    );
    const { medians, fastest, ratios } = await interleave(rounds, contestants);
    for (const [name, ratio] of Object.entries(ratios))
      log(
        `  ${title}: ${name} ${(medians[name] as number).toFixed(1)} ms (fastest ${(fastest[name] as number).toFixed(1)}), ${ratio.median.toFixed(2)} × ours (${ratio.lowest.toFixed(2)}–${ratio.highest.toFixed(2)}), ${mb(peaks[name] as number)} MB`,
      );
    for (const line of leftOut) log(`  ${line}`);

    const targets: Target[] = [];
    for (const [name, wanted] of Object.entries(comparison.atLeast)) {
      const ratio = ratios[name];
      if (ratio !== undefined)
        targets.push(
          atLeast(
            `${title}: time of a step, ${name} ÷ ours`,
            ratio.median,
            wanted,
            `${(medians[name] as number).toFixed(1)} ÷ ${(medians['ours'] as number).toFixed(1)} ms, rounds ${ratio.lowest.toFixed(2)}–${ratio.highest.toFixed(2)}`,
          ),
        );
    }
    const { memory } = comparison;
    if (memory !== undefined && peaks[memory.peer] !== undefined) {
      const [ours, theirs] = [peaks['ours'] as number, peaks[memory.peer] as number];
      const grown = (name: string) => (peaks[name] as number) - (started[name] as Peer).ready.bytesBefore;
      targets.push(
        atMost(
          `${title}: peak memory, ours ÷ ${memory.peer}`,
          ours / theirs,
          memory.share,
          `${mb(ours)} ÷ ${mb(theirs)} MB; beyond what was resident before the model existed ${mb(grown('ours'))} ÷ ${mb(grown(memory.peer))} MB`,
        ),
      );
    }
    const figures = {
      medians,
      fastest,
      ratios,
      peakBytes: peaks,
      leftOut,
      firstAndLastLoss: Object.fromEntries(
        Object.entries(losses).map(([name, list]) => [name, [list[0], list.at(-1)]]),
      ),
    };
    return { targets, figures };
  } finally {
    for (const peer of Object.values(started)) await peer.stop();
  }
}

function mb(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}

const EAGER = { peer: 'sasrec_torch', args: [] } as const;
const COMPILED = { peer: 'sasrec_torch', args: ['--compile'] } as const;

/** SASRec: batch 128, length 50, width 64, 2 blocks, 2 heads, 12,000 items. */
const SASREC: readonly Comparison[] = [
  {
    model: 'sasrec',
    loss: 'bce',
    dropout: 0.2,
    peers: { 'PyTorch eager': EAGER, 'PyTorch compiled': COMPILED, tfjs: { peer: 'sasrec_tfjs', args: [] } },
    atLeast: { 'PyTorch eager': 1.6, 'PyTorch compiled': 1.6, tfjs: 20 },
    memory: { peer: 'PyTorch eager', share: 0.5 },
    rounds: 8,
    steps: 15,
  },
  {
    model: 'sasrec',
    loss: 'sampled',
    dropout: 0.2,
    peers: { 'PyTorch eager': EAGER, 'PyTorch compiled': COMPILED },
    atLeast: { 'PyTorch eager': 1.6, 'PyTorch compiled': 1.6 },
    memory: { peer: 'PyTorch eager', share: 0.5 },
    rounds: 8,
    steps: 15,
  },
  {
    model: 'sasrec',
    loss: 'full',
    dropout: 0.2,
    peers: { 'PyTorch eager': EAGER, 'PyTorch compiled': COMPILED },
    atLeast: { 'PyTorch eager': 2.5, 'PyTorch compiled': 1.5 },
    memory: { peer: 'PyTorch eager', share: 0.5 },
    rounds: 8,
    steps: 4,
  },
  {
    model: 'sasrec',
    loss: 'bce',
    dropout: 0,
    peers: { 'PyTorch eager': EAGER, 'PyTorch compiled': COMPILED },
    atLeast: { 'PyTorch eager': 1, 'PyTorch compiled': 1 },
    rounds: 8,
    steps: 15,
  },
];

export const measureSasrec: MeasurePart = (options) => compareAll(SASREC, options);

async function compareAll(comparisons: readonly Comparison[], options: BenchOptions): Promise<Part> {
  const targets: Target[] = [];
  const figures: Record<string, unknown> = {};
  for (const comparison of comparisons) {
    const part = await compareSteps(comparison, options);
    targets.push(...part.targets);
    figures[`${comparison.loss}, dropout ${comparison.dropout}`] = part.figures;
  }
  return { targets, figures };
}

const WIDE: readonly Comparison[] = [0.1, 0].map((dropout) => ({
  model: 'wide',
  loss: 'sampled',
  dropout,
  peers: {
    'PyTorch eager': { peer: 'transformer_torch', args: [] },
    'PyTorch compiled': { peer: 'transformer_torch', args: ['--compile'] },
  },
  atLeast: { 'PyTorch eager': dropout > 0 ? 1.5 : 1, 'PyTorch compiled': dropout > 0 ? 1.5 : 1 },
  rounds: 6,
  steps: 3,
}));

/** Width 256, 4 blocks, length 128, batch 32: beside PyTorch, and beside onnxruntime's own matrix products. */
export const measureWide: MeasurePart = async (options) => {
  const compared = await compareAll(WIDE, options);
  const rate = await compareWithProducts(options);
  return {
    targets: [...compared.targets, ...rate.targets],
    figures: { ...(compared.figures as object), rate: rate.figures },
  };
};
