// Month after month for a trunk: pretrained afresh, continued with replay, without, and never again, asked what comes next.
import { silent } from '../../src/core/progress.ts';
import { DAY_MS } from '../../src/core/time.ts';
import { growVocabulary } from '../../src/models/behaviour/continue/grown-vocabulary.ts';
import type { ContinueSettings } from '../../src/models/sequence/continuing.ts';
import { continuePretraining } from '../../src/train/continue-pretraining.ts';
import { PRETRAIN_DEFAULTS, pretrainShop, readHistories } from '../../src/train/pretrain.ts';
import { loadTrunk } from '../../src/train/pretrained.ts';
import { newestCases, trunkQuality } from '../../src/train/trunk-cases.ts';
import type { ShopInLake } from '../simulated-shop.ts';

const MONTH_MS = 30 * DAY_MS;
const RUN = {
  now: Date.now,
  progress: silent,
  command: 'npm run bench -- continual trunks',
  horizonDays: 30,
};

export interface TrunkRun {
  readonly how: ContinueSettings;
  readonly months: number;
  /** Of pretraining. */
  readonly steps: number;
  readonly seed: number;
  readonly threads: number;
  readonly log: (line: string) => void;
}

export interface TrunkArm {
  /** NDCG@10 of the last event of everybody who did anything in the next month. */
  readonly next: number;
  readonly steps: number;
  readonly seconds: number;
}

export interface TrunkMonth {
  readonly endMs: number;
  readonly cases: number;
  readonly arms: Readonly<Record<'full' | 'replay' | 'alone' | 'stale', TrunkArm>>;
}

export async function rollTrunks(
  { shop, workspace, engine, source }: ShopInLake,
  { how, months, steps, seed, threads, log }: TrunkRun,
): Promise<readonly TrunkMonth[]> {
  const end = (month: number): number => shop.endMs - DAY_MS - (months - month + 1) * MONTH_MS;
  const afresh = (asOf: number) =>
    pretrainShop(workspace, { ...PRETRAIN_DEFAULTS, ...RUN, steps, asOf, seed, threads });
  const first = await afresh(end(0));
  const stale = loadTrunk(workspace, first.version.version);
  let [replayed, alone] = [stale.version, stale.version];
  const rolled: TrunkMonth[] = [];
  for (let month = 1; month <= months; month++) {
    const asOf = end(month);
    const goOn = (from: string, replay: number) =>
      continuePretraining(workspace, { ...RUN, from, asOf, how: { ...how, replay }, seed, threads });
    const full = await afresh(asOf);
    const [withReplay, without] = [await goOn(replayed, how.replay), await goOn(alone, 0)];
    [replayed, alone] = [withReplay.version.version, without.version.version];
    const asked = async (version: string) => {
      const { trunk } = loadTrunk(workspace, version);
      const words = (found: typeof trunk.vocabulary) => growVocabulary(trunk.vocabulary, found);
      const later = await readHistories(engine, source, {
        asOf: end(month + 1),
        seed,
        progress: silent,
        words,
      });
      const cases = newestCases(later, MONTH_MS);
      return { next: await trunkQuality(trunk, cases, threads), cases: cases.targets.length };
    };
    const { cases } = await asked(stale.version);
    const arm = async (version: string, took: { steps: number; seconds: number }): Promise<TrunkArm> => ({
      next: (await asked(version)).next,
      ...{ steps: took.steps, seconds: took.seconds },
    });
    rolled.push({
      ...{ endMs: asOf, cases },
      arms: {
        full: await arm(full.version.version, { steps: full.steps, seconds: full.seconds }),
        replay: await arm(replayed, { steps: withReplay.effort.steps, seconds: withReplay.seconds }),
        alone: await arm(alone, { steps: without.effort.steps, seconds: without.seconds }),
        stale: await arm(stale.version, { steps: 0, seconds: 0 }),
      },
    });
    log(JSON.stringify(rolled.at(-1)));
  }
  return rolled;
}
