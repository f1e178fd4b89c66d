// What others report on the same files, each with where it was read; nothing here was measured by us.
import type { RankMetricName } from '../../src/eval/score.ts';
import type { Published } from './sequence-set.ts';

const ESASREC =
  'README of blondered/transformer_benchmark (eSASRec, arXiv:2508.06450), table "Amazon datasets"';
const SHARED = 'README of the shared data';

const tens = (
  model: string,
  [recall, ndcg]: readonly [number, number],
  rest: Omit<Published, 'model' | 'metrics'>,
): Published => ({ model, metrics: { 'recall@10': recall, 'ndcg@10': ndcg }, ...rest });

const twenties = (model: string, [precision, mrr]: readonly [number, number]): Published => ({
  model,
  // Published as P@20, with one target a case the same.
  metrics: { 'recall@20': precision / 100, 'mrr@20': mrr / 100 } as Partial<Record<RankMetricName, number>>,
  source: SHARED,
});

const calculated = { source: ESASREC, note: 'calculated there' };
const reported = { source: ESASREC, note: 'as reported by its authors' };

export const PUBLISHED: Readonly<Record<string, readonly Published[]>> = {
  beauty: [
    tens('SASRec', [0.0605, 0.0318], reported),
    tens('S3-Rec', [0.0647, 0.0327], reported),
    tens('TIGER', [0.0648, 0.0384], reported),
    tens('DuoRec', [0.0845, 0.0443], reported),
    tens('ActionPiece', [0.0775, 0.0424], reported),
    tens('SASRec with sampled softmax', [0.0921, 0.0531], calculated),
    tens('eSASRec', [0.0928, 0.0523], calculated),
    tens('HSTU', [0.0788, 0.0439], calculated),
    tens('FuXi-α', [0.0809, 0.0451], calculated),
  ],
  sports: [
    tens('SASRec', [0.035, 0.0192], reported),
    tens('S3-Rec', [0.0385, 0.0204], reported),
    tens('TIGER', [0.04, 0.0225], reported),
    tens('DuoRec', [0.0498, 0.0262], reported),
    tens('ActionPiece', [0.05, 0.0264], reported),
    tens('SASRec with sampled softmax', [0.0569, 0.0314], calculated),
    tens('eSASRec', [0.056, 0.0323], calculated),
    tens('HSTU', [0.0437, 0.0243], calculated),
    tens('FuXi-α', [0.0437, 0.0244], calculated),
  ],
  instruments: [
    {
      model: 'LETTER, its best',
      metrics: { 'ndcg@10': 0.0583 },
      source: 'LETTER, arXiv:2405.07314, as listed on wizwand.com ("Amazon Instruments (test)")',
      note: 'second hand',
    },
  ],
  diginetica: [
    twenties('repeat this session', [21.08, 13.69]),
    twenties('SR-GNN', [50.7, 17.6]),
    twenties('GCE-GNN', [54.2, 19.0]),
  ],
  tmall: [twenties('repeat this session', [45.8, 22.7])],
};
