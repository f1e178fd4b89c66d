// A few customers' labels: a pretrained trunk with LoRA against the same network from nothing, and against models of features.
import type { Score } from '../../src/eval/score.ts';
import type { Settings } from '../../src/models/estimator.ts';
import { takeSample } from '../../src/models/sample.ts';
import type { PretrainedTrunk } from '../../src/train/pretrained.ts';
import { rowsOfSome, type Spread, spreadOf } from './arithmetic.ts';
import { aucDifference, aucOf, estimatorOn, fitAndAsk } from './fit-answers.ts';
import type { AskedTask } from './shop-samples.ts';

export const PRETRAINED = 'transformer:lora';
export const SCRATCH = 'transformer:scratch';
/** Models of features, where there are any. */
export const BESIDE = ['logistic', 'gbdt'];

export interface LabelDraw {
  readonly draw: number;
  readonly examples: number;
  readonly positives: number;
  readonly roc_auc: Readonly<Record<string, number>>;
  /** Pretrained less scratch on this draw's labels, customers of the test drawn. */
  readonly difference: Score;
  /** Whose network had a say. */
  readonly networks: readonly string[];
}

export interface LabelShare {
  readonly share: number;
  readonly draws: readonly LabelDraw[];
  /** Draws whose labels were all alike: nothing can be learned from them. */
  readonly alike: number;
  readonly roc_auc: Readonly<Record<string, Spread>>;
  readonly difference?: Spread;
}

export interface LabelRun {
  readonly shares: readonly number[];
  readonly draws: number;
  /** Ids of what is to be seen beside them. */
  readonly beside: readonly string[];
  readonly settings: Settings;
  readonly pretrained: PretrainedTrunk;
  readonly seed: number;
  readonly threads: number;
  readonly log: (line: string) => void;
}

/** The trunk has read everybody's events up to the calibration; labels are those of the customers drawn alone. */
export async function fewLabels({ samples }: AskedTask, run: LabelRun): Promise<readonly LabelShare[]> {
  const { train, test } = samples;
  const { settings, pretrained, seed, threads, log } = run;
  const ids = [PRETRAINED, SCRATCH, ...run.beside];
  const shares: LabelShare[] = [];
  for (const share of run.shares) {
    const draws: LabelDraw[] = [];
    let alike = 0;
    for (let draw = 0; draw < run.draws; draw++) {
      const labelled = takeSample(train, rowsOfSome(train.entities, share, `labels ${share} ${draw}`, seed));
      const positives = labelled.target.reduce((sum, y) => sum + y, 0);
      if (positives === 0 || positives === labelled.target.length) {
        alike++;
        continue;
      }
      const said: Record<string, Float64Array> = {};
      const networks: string[] = [];
      for (const id of ids) {
        const own = await fitAndAsk(estimatorOn(id, settings, pretrained), labelled, test, {
          seed: seed + draw,
          threads,
        });
        said[id] = own.said;
        if (own.hasSay) networks.push(id);
      }
      draws.push({
        ...{ draw, examples: labelled.target.length, positives, networks },
        roc_auc: Object.fromEntries(ids.map((id) => [id, aucOf(test, said[id], seed).value])),
        difference: aucDifference(test, [said[PRETRAINED], said[SCRATCH]], seed),
      });
      log(`${share}: ${JSON.stringify(draws.at(-1))}`);
    }
    shares.push({
      ...{ share, draws, alike },
      roc_auc: Object.fromEntries(ids.map((id) => [id, spreadOf(draws.map(({ roc_auc }) => roc_auc[id]))])),
      ...(draws.length > 0 && { difference: spreadOf(draws.map(({ difference }) => difference.value)) }),
    });
  }
  return shares;
}
