// One estimator fitted several times over: the mean of its models is steadier than any of them.
import { name } from '../../core/name.ts';
import { silent } from '../../core/progress.ts';
import { random } from '../../core/random.ts';
import { type CrossFit, crossFit, type Folds, foldsOf } from '../cross-fit.ts';
import type { Estimator, FitRun, Model, Sample, SavedModel } from '../estimator.ts';
import { unitWeights, weightedMean } from '../sample.ts';
import { type EnsembleParts, ensembleModel, loadEnsemble } from './ensemble-model.ts';

export interface BagOptions {
  readonly bags: number;
  /**
   * `folds`: each fit leaves out some customers, watches them to know when to stop, and gives unseen predictions of them
   * for nothing. `seeds`: the same examples under other seeds, for estimators that draw.
   */
  readonly kind: 'folds' | 'seeds';
}

/** An estimator whose fit can say what its members made of those they had not seen. */
export interface Bagged extends Estimator {
  /** The bag over folds, with the unseen predictions that come with it; whatever the kind. */
  fitOverFolds(train: Sample, folds: Folds, run: FitRun): Promise<CrossFit & { readonly model: Model }>;
}

export const isBagged = (estimator: Estimator): estimator is Bagged => 'fitOverFolds' in estimator;

const BAGGED = ':bagged';

/** The id of what is bagged, or `undefined` when the id is not of a bag. */
export const insideOf = (id: string): string | undefined =>
  id.endsWith(BAGGED) ? id.slice(0, -BAGGED.length) : undefined;

/** @param loadMember how a saved member comes back (`loadModel`) */
export function bagOf(
  estimator: Estimator,
  options: BagOptions,
  loadMember: (saved: SavedModel) => Model,
): Bagged {
  const id = `${estimator.id}${BAGGED}`;
  const { label, space, settings, withSettings } = estimator;
  const counted = (run: FitRun) => {
    let done = 0;
    return () => run.progress.step({ task: id, done: ++done, total: options.bags, unit: 'fits' });
  };
  const fitOverFolds: Bagged['fitOverFolds'] = async (train, folds, run) => {
    const crossed = await crossFit(estimator, train, { folds, watch: true, run, onFit: counted(run) });
    return { ...crossed, model: await bagModel(id, crossed.models, train) };
  };
  return {
    id,
    label: name(`${label.en}, bagged`, `${label.zh}（多次拟合平均）`),
    role: estimator.role,
    refuses: (question, frame) => estimator.refuses(question, frame),
    async fit(train, valid, run) {
      if (options.kind === 'folds' && new Set(train.entities).size >= 2 * options.bags) {
        const folds = foldsOf(train.entities, options.bags, run.seed);
        return (await fitOverFolds(train, folds, run)).model;
      }
      const onFit = counted(run);
      const models: Model[] = [];
      for (let bag = 0; bag < options.bags; bag++) {
        const seed = random(run.seed)
          .fork(`bag ${bag}`)
          .integer(2 ** 31);
        models.push(await estimator.fit(train, valid, { ...run, seed, progress: silent }));
        onFit();
      }
      return bagModel(id, models, train);
    },
    fitOverFolds,
    ...(space && { space }),
    ...(settings && { settings }),
    ...(withSettings && { withSettings: (told) => bagOf(withSettings(told), options, loadMember) }),
    load: (saved) => loadEnsemble(id, saved, loadMember),
  };
}

/** Added on the members' own scale, so that what each column contributes still adds up. */
async function bagModel(id: string, members: readonly Model[], train: Sample): Promise<Model> {
  const [{ link }] = members;
  const weights = members.map(() => 1 / members.length);
  const parts: EnsembleParts = { question: train.question, intercept: 0, weights, members, link };
  if (link !== 'log') return ensembleModel(id, parts);
  // The mean of logarithms lies below the logarithm of the mean: the difference is put back.
  const weight = unitWeights(train);
  const means = await Promise.all(
    members.map(async (member) => weightedMean(await member.predict(train.frame), weight)),
  );
  const wanted = means.reduce((sum, mean) => sum + mean, 0) / means.length;
  const reached = weightedMean(await ensembleModel(id, parts).predict(train.frame), weight);
  const intercept = wanted > 0 && reached > 0 ? Math.log(wanted / reached) : 0;
  return ensembleModel(id, { ...parts, intercept });
}
