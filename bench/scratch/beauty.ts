import { takeSequences } from '../../src/core/sequences.ts';
import { viewOf } from '../../src/core/case-view.ts';
import { contentKnn } from '../../src/models/sequence/classical/content-knn.ts';
import { mixture } from '../../src/models/sequence/catalogue.ts';
import { remembered } from '../../src/models/sequence/remembered-fits.ts';
import { transformerWith } from '../../src/models/sequence/transformer/transformer.ts';
import { readBeautyTexts } from '../fusion/beauty-texts.ts';
import { foundBy } from '../fusion/found-by-count.ts';
import { SEQUENCE_SETS } from '../sequence/read-sets.ts';
const log = (l: string) => console.log(l);
const seed = 1, threads = 1;
const set = await SEQUENCE_SETS.beauty({ seed, threads });
const { vectors } = await readBeautyTexts(set.train.itemIds, { encoder: 'use', threads, log });
const attributes = { categories: {}, vectors: [vectors] };
const knn = remembered(contentKnn.knowing!(attributes));
const ids = remembered(transformerWith({}));
const cos = remembered(transformerWith({}, { attributes }));
const dot = remembered(transformerWith({ temperature: 0 }, { attributes }));
const counts = new Int32Array(set.train.itemIds.length);
for (const i of set.train.items) counts[i]++;
const rows: Record<string, any> = {
  knn, ids, 'ids+knn': mixture([ids, knn]), cos, 'ids+cos': mixture([ids, cos]), 'ids+cos+knn': mixture([ids, cos, knn]),
  dot, 'dot+knn': mixture([dot, knn]), 'dot+cos+knn': mixture([dot, cos, knn]),
};
const valid = viewOf(set.valid);
for (const [name, r] of Object.entries(rows)) {
  const t = performance.now();
  const m = await r.fit(set.train, set.valid, { seed, threads, progress: { step() {}, note() {} } });
  const f = await foundBy(m, valid, { all: () => true, lt5: (i) => counts[i] < 5, '5-9': (i) => counts[i] >= 5 && counts[i] < 10, '10+': (i) => counts[i] >= 10 });
  const state = m.save().state as any;
  console.log(name, ((performance.now() - t) / 1000).toFixed(0) + ' s', Object.entries(f).map(([k, v]) => `${k} ${v.recall.toFixed(4)} (${v.cases})`).join(' '), JSON.stringify(state.pool ?? ''), JSON.stringify(state.voices ?? ''));
}
