// How well products are found by words, by meaning and by both, mixed in several ways; the mixture is chosen on one half of the questions and judged on the other.
import { hash32, type Random, random } from '../../src/core/random.ts';
import { topPlaces } from '../../src/core/top-places.ts';
import { openEncoder } from '../../src/encoders/folder/open-encoder.ts';
import { embedTexts } from '../../src/encoders/text/embed.ts';
import { reciprocalRanks, weightedSum } from '../../src/models/retrieval/fusion.ts';
import { indexTexts, lexicalScores } from '../../src/models/retrieval/lexical-index.ts';
import { openVectorSearch, vectorTable } from '../../src/models/retrieval/vector-search.ts';
import { nodeBackend } from '../../src/tensor/session/session-node.ts';
import type { BenchOptions } from '../bench.ts';
import { type Fashion, USE_LITE } from './fashion-data.ts';

const AT = 10;
const DEPTH = 200;

/** What customers may call what the shop calls otherwise. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  Tshirts: 'tee',
  'Casual Shoes': 'everyday footwear',
  'Sports Shoes': 'running trainers',
  Handbags: 'purse',
  Watches: 'timepiece',
  Sunglasses: 'shades against the sun',
  'Flip Flops': 'beach slippers',
  Tops: 'blouse',
  Jeans: 'denim trousers',
  Heels: 'stilettos',
  Wallets: 'billfold',
  Caps: 'baseball hat',
  Backpacks: 'rucksack',
  Trousers: 'pants',
  Sweaters: 'pullover',
  Sweatshirts: 'hoodie',
  Ties: 'neckwear',
  Briefs: 'underpants',
  Perfume: 'fragrance',
  Earrings: 'jewellery for ears',
};

interface Question {
  readonly text: string;
  readonly kind: 'attributes' | 'other words' | 'a title half remembered';
  /** Places of the products that answer it. */
  readonly right: ReadonlySet<number>;
}

export async function catalogueSearch(
  fashion: Fashion,
  { seed, threads, log }: BenchOptions,
): Promise<Record<string, unknown>> {
  const { names } = fashion;
  const questions = [
    ...attributeQuestions(fashion),
    ...halfRemembered(fashion, random(seed).fork('questions')),
  ];
  const index = indexTexts([{ texts: names, weight: 1 }]);
  const encoder = await openEncoder(USE_LITE);
  const run = { backend: nodeBackend, threads };
  const distinct = [...new Set(names)];
  const read = await embedTexts(encoder, distinct, run);
  const placeOf = new Map(distinct.map((title, i) => [title, i]));
  const vectors = new Float32Array(names.length * encoder.width);
  names.forEach((title, i) => {
    const at = placeOf.get(title) as number;
    vectors.set(read.subarray(at * encoder.width, (at + 1) * encoder.width), i * encoder.width);
  });
  const asked = await embedTexts(
    encoder,
    questions.map(({ text }) => text),
    { ...run, kind: 'query' },
  );
  const search = await openVectorSearch(vectorTable(vectors, encoder.width), run);
  const ways: Readonly<Record<string, (words: Float32Array, meaning: Float32Array) => Float32Array>> = {
    words: (words) => words,
    meaning: (_, meaning) => meaning,
    'reciprocal ranks': (words, meaning) =>
      reciprocalRanks(
        [
          { scores: words, weight: 1 },
          { scores: meaning, weight: 1 },
        ],
        DEPTH,
      ),
    ...Object.fromEntries(
      [0.25, 0.5, 1, 1.5, 2, 4].map((weight) => [
        `sum, meaning × ${weight}`,
        (words: Float32Array, meaning: Float32Array) =>
          weightedSum([
            { scores: words, weight: 1 },
            { scores: meaning, weight },
          ]),
      ]),
    ),
  };
  const gains: Record<string, { chosen: Record<string, number[]>; judged: Record<string, number[]> }> = {};
  for (const [i, question] of questions.entries()) {
    const words = lexicalScores(index, question.text);
    const meaning = await search.likeness(asked.subarray(i * encoder.width, (i + 1) * encoder.width));
    const half = hash32(question.text, seed) % 2 === 0 ? 'chosen' : 'judged';
    for (const [way, mix] of Object.entries(ways)) {
      gains[way] ??= { chosen: {}, judged: {} };
      gains[way][half][question.kind] ??= [];
      gains[way][half][question.kind].push(ndcg(topPlaces(mix(words, meaning), AT), question.right));
    }
  }
  await search.close();
  log(`search: ${questions.length} questions`);
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
  // Kinds of questions count alike, however many there are of each.
  const overall = (own: Record<string, number[]>) => mean(Object.values(own).map(mean));
  const best = Object.entries(gains).reduce((top, own) =>
    overall(own[1].chosen) > overall(top[1].chosen) ? own : top,
  );
  return {
    encoder: encoder.name,
    questions: Object.fromEntries(
      ['attributes', 'other words', 'a title half remembered'].map((kind) => [
        kind,
        questions.filter((question) => question.kind === kind).length,
      ]),
    ),
    examples: [...new Map(questions.map((question) => [question.kind, question.text])).entries()],
    chosen_on_one_half: best[0],
    [`ndcg@${AT}_on_the_other_half`]: Object.fromEntries(
      Object.entries(gains).map(([way, { chosen, judged }]) => [
        way,
        {
          ...Object.fromEntries(Object.entries(judged).map(([kind, values]) => [kind, mean(values)])),
          overall: overall(judged),
          overall_on_the_half_chosen_on: overall(chosen),
        },
      ]),
    ),
  };
}

/** Questions of gender, colour and type; what answers them is told by the table's columns, not by titles. */
function attributeQuestions({ fields, ids }: Fashion): readonly Question[] {
  const places = new Map<string, number[]>();
  ids.forEach((_, i) => {
    const key = [fields.gender[i], fields.baseColour[i], fields.articleType[i]].join('\t');
    const own = places.get(key);
    if (own) own.push(i);
    else places.set(key, [i]);
  });
  const questions: Question[] = [];
  for (const [key, right] of [...places].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [gender, colour, type] = key.split('\t');
    if (right.length < 5 || !['Men', 'Women'].includes(gender) || colour === '') continue;
    const ask = (what: string) => `${colour} ${what} for ${gender}`.toLowerCase();
    questions.push({ text: ask(type), kind: 'attributes', right: new Set(right) });
    if (OTHER_WORDS[type])
      questions.push({ text: ask(OTHER_WORDS[type]), kind: 'other words', right: new Set(right) });
  }
  return questions;
}

/** A title with a third of its words forgotten and a letter of another one lost. */
function halfRemembered({ names, keys }: Fashion, draw: Random): readonly Question[] {
  const withKey = new Map<string, number[]>();
  keys.forEach((key, i) => {
    withKey.set(key, [...(withKey.get(key) ?? []), i]);
  });
  const picks = draw.shuffle(Array.from(names.keys())).slice(0, 300);
  return picks.map((item) => {
    const words = names[item].split(/\s+/);
    const kept = draw
      .shuffle(Array.from(words.keys()))
      .slice(0, Math.max(2, Math.ceil((2 * words.length) / 3)))
      .sort((a, b) => a - b);
    const said = kept.map((k) => words[k]);
    const at = draw.integer(said.length);
    if (said[at].length > 4) {
      const letter = 1 + draw.integer(said[at].length - 2);
      said[at] = said[at].slice(0, letter) + said[at].slice(letter + 1);
    }
    return {
      text: said.join(' '),
      kind: 'a title half remembered' as const,
      right: new Set(withKey.get(keys[item]) ?? []),
    };
  });
}

/** Gain 1 for what answers, discounted by log2(rank + 1), over the best possible. */
function ndcg(found: Int32Array, right: ReadonlySet<number>): number {
  let [gain, best] = [0, 0];
  for (let rank = 0; rank < AT; rank++) {
    const worth = 1 / Math.log2(rank + 2);
    if (rank < right.size) best += worth;
    if (right.has(found[rank])) gain += worth;
  }
  return gain / best;
}
