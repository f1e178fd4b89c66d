// A trunk leaves its shop without anything of it, comes into another, and a file that is not one is refused before it is read.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { random } from '../core/random.ts';
import type { LearnedTrunk } from '../models/behaviour/pretrain.ts';
import { behaviourSettings, trunkSettings } from '../models/behaviour/settings.ts';
import {
  contentPlaces,
  fitItemTower,
  type ItemContent,
  towerRows,
} from '../models/behaviour/transfer/item-tower.ts';
import {
  forShop,
  readPortable,
  savedPortable,
  withoutShop,
} from '../models/behaviour/transfer/portable-trunk.ts';
import { planTokens } from '../models/sequence/neural/events/tokens.ts';
import { networkOf } from '../models/sequence/neural/network.ts';
import { pretraining, trainingSpecs } from '../models/sequence/neural/objective.ts';
import { transformerKind } from '../models/sequence/transformer/transformer.ts';
import { initialValues } from '../nn/initialise.ts';
import { compileTraining } from '../nn/program/training-program.ts';
import { portableBytes, readPortableFile } from '../registry/portable-file.ts';

const dir = mkdtempSync(join(tmpdir(), 'portable-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const SETTINGS = trunkSettings(behaviourSettings('trunk', { width: 8, blocks: 1, length: 8, heads: 1 }));
const ITEMS = 60;

const contentOf = (items: number, price = (item: number) => 100 + item): ItemContent => ({
  categories: Array.from({ length: items }, (_, item) => `shelf ${item % 3}`),
  brands: Array.from({ length: items }, () => ''),
  titles: Array.from({ length: items }, (_, item) => (item % 2 === 0 ? 'red shoes' : 'blue 跑步鞋')),
  priceMinor: Float64Array.from({ length: items }, (_, item) => price(item)),
});

/** A trunk with weights as they are drawn, and item rows that follow what is known of the items. */
function madeUpTrunk(): LearnedTrunk {
  const itemIds = Array.from({ length: ITEMS }, (_, item) => `secret-sku-${item}`);
  const items = Int32Array.from({ length: 6 * ITEMS }, (_, event) => event % ITEMS);
  const histories = {
    entities: ['somebody'],
    offsets: Uint32Array.of(0, items.length),
    ...{ items, itemIds, timesMs: Float64Array.from(items.keys()) },
    types: items.map((item) => item % 2) as unknown as Uint8Array,
    typeLevels: ['view', 'purchase'],
    marks: [{ name: 'category', levels: 4, codes: Uint8Array.from(items, (item) => 1 + (item % 3)) }],
  };
  const plan = planTokens(histories, { ...SETTINGS, masked: false });
  const network = networkOf(transformerKind, plan, SETTINGS);
  const { parameters } = compileTraining(pretraining(network), trainingSpecs(network, 4));
  const drawn = initialValues(parameters, random(5));
  const values = Object.fromEntries(Object.entries(drawn).filter(([name]) => name.startsWith('trunk.')));
  const draws = random(6);
  const shelves = [0, 1, 2].map(() => Array.from({ length: 8 }, () => draws.normal()));
  const table = values['trunk.item.weight'];
  for (let item = 0; item < ITEMS; item++)
    for (let d = 0; d < 8; d++) table[(1 + item) * 8 + d] = table[d] + shelves[item % 3][d];
  return {
    vocabulary: { itemIds, typeLevels: plan.typeLevels, categories: ['shelf 0', 'shelf 1', 'shelf 2'] },
    ...{ plan, settings: SETTINGS, values },
  };
}

const trunk = madeUpTrunk();
const portable = withoutShop(trunk, contentOf(ITEMS));
const file = join(dir, 'shop.trunk');
writeFileSync(file, portableBytes(savedPortable(portable)));

describe('a trunk on its way', () => {
  it('has nothing of its shop in it but kinds, categories and numbers', () => {
    const bytes = readFileSync(file);
    expect(bytes.includes('secret-sku')).toBe(false);
    expect(bytes.includes('somebody')).toBe(false);
    expect(bytes.includes('shelf 2')).toBe(true);
    const { plan, values, vocabulary } = portable.trunk;
    expect(vocabulary.itemIds).toEqual([]);
    expect([plan.rowOf, plan.counts, plan.logShare].map(({ length }) => length)).toEqual([0, 0, 0]);
    expect(values['trunk.item.weight']).toEqual(trunk.values['trunk.item.weight'].slice(0, 8));
  });

  it('comes back as it left', () => {
    const back = readPortable(readPortableFile(file));
    expect(back).toEqual(portable);
    expect(Object.keys(back.trunk.values).sort()).toEqual(Object.keys(trunk.values).sort());
  });

  it('gives items of another shop the vectors of items like them', () => {
    const other = contentOf(30, (item) => 7 * (100 + 2 * item));
    const ids = Array.from({ length: 30 }, (_, item) => `other ${item}`);
    const there = forShop(portable, ids, other);
    expect(there.vocabulary.itemIds).toEqual(ids);
    expect([...there.plan.rowOf].slice(0, 3)).toEqual([1, 2, 3]);
    const [old, own] = [trunk.values['trunk.item.weight'], there.values['trunk.item.weight']];
    const row = (table: Float32Array, at: number) => [...table.subarray(at * 8, (at + 1) * 8)];
    const distance = (a: readonly number[], b: readonly number[]) =>
      Math.sqrt(a.reduce((sum, x, d) => sum + (x - b[d]) ** 2, 0));
    for (let item = 0; item < 30; item++) {
      const [same, another] = [1 + (item % 3), 1 + ((item + 1) % 3)].map((at) =>
        distance(row(own, 1 + item), row(old, at)),
      );
      expect(same).toBeLessThan(0.5 * another);
    }
    expect(row(own, 0)).toEqual(row(old, 0));
  });

  it('stays a trunk of no items where nothing is known of them', () => {
    expect(forShop(portable, ['a'], undefined)).toBe(portable.trunk);
    const silent = { ...contentOf(ITEMS), categories: Array(ITEMS).fill(''), titles: Array(ITEMS).fill('') };
    const untold = withoutShop(trunk, { ...silent, priceMinor: new Float64Array(ITEMS).fill(Number.NaN) });
    expect(untold.itemTower).toBeUndefined();
  });
});

describe('the tower', () => {
  it('finds rows that are sums over places again', () => {
    const content = contentOf(ITEMS);
    const places = contentPlaces(content);
    const draws = random(8);
    const truth = new Map<number, number[]>();
    for (const place of new Set(places.flat())) truth.set(place, [draws.normal(), draws.normal()]);
    const table = new Float32Array(2 * (ITEMS + 1));
    places.forEach((own, item) => {
      for (const place of own)
        for (let d = 0; d < 2; d++) table[2 * (1 + item) + d] += (truth.get(place) as number[])[d];
    });
    const rowOf = Int32Array.from({ length: ITEMS }, (_, item) => 1 + item);
    const counts = new Int32Array(ITEMS).fill(2 ** 30);
    const tower = fitItemTower(content, { rowOf, counts }, { table, width: 2 });
    const told = towerRows(content, tower, table.slice(0, 2));
    // Doubt pulls a little towards nothing.
    told.forEach((value, i) => {
      expect(Math.abs(value - table[i])).toBeLessThan(0.35);
    });
  });

  it('tells words of scripts without spaces two signs at a time, and prices by their place in the shop', () => {
    const one = (title: string, price: number) =>
      contentPlaces({
        categories: [''],
        brands: [''],
        titles: [title],
        priceMinor: Float64Array.of(price),
      })[0];
    const shared = one('跑步鞋', Number.NaN).filter((place) => one('新跑步', Number.NaN).includes(place));
    expect(shared.length).toBe(1);
    expect(one('Red-Shoes', Number.NaN)).toEqual(one('red shoes', Number.NaN));
    const cheap = contentPlaces(contentOf(30, (item) => item))[0];
    expect(contentPlaces(contentOf(30, (item) => 1000 * item))[0]).toEqual(cheap);
  });
});

describe('a file that is not one', () => {
  const whole = readFileSync(file);
  const refusal = (bytes: Uint8Array): unknown => {
    const path = join(dir, 'other');
    writeFileSync(path, bytes);
    try {
      readPortable(readPortableFile(path));
    } catch (error) {
      return (error as { code: string }).code;
    }
    return 'read';
  };
  const changed = (at: number, value: number): Uint8Array => {
    const bytes = Uint8Array.from(whole);
    bytes[at] = value;
    return bytes;
  };

  it('is refused by its kind, its size and its digest before anything is parsed', () => {
    expect(refusal(Buffer.from('a,b\n1,2\n'))).toBe('BAD_FILE');
    expect(refusal(changed('foresell portable '.length, 0x39))).toBe('VERSION');
    expect(refusal(whole.subarray(0, whole.length - 1))).toBe('BAD_FILE');
    expect(refusal(Buffer.concat([whole, Buffer.of(0)]))).toBe('BAD_FILE');
    expect(refusal(changed(whole.length - 9, whole[whole.length - 9] ^ 1))).toBe('TAMPERED');
    expect(() => readPortableFile(join(dir, 'none'))).toThrow(/there is none/);
  });

  it('is refused where its parts do not fit each other, whatever its digest says', () => {
    const saved = savedPortable(portable);
    const with_ = (changes: object) => refusal(portableBytes({ ...saved, ...changes }));
    const arrays = saved.arrays ?? {};
    expect(with_({})).toBe('read');
    expect(with_({ estimator: 'gbdt' })).toBe('BAD_FILE');
    expect(with_({ format: 2 })).toBe('VERSION');
    const { 'weight.trunk.types': types, ...fewer } = arrays;
    expect(with_({ arrays: fewer })).toBe('BAD_FILE');
    expect(with_({ arrays: { ...arrays, 'weight.trunk.types': types.slice(1) } })).toBe('BAD_FILE');
    expect(with_({ arrays: { ...arrays, 'weight.trunk.extra': new Float32Array(1) } })).toBe('BAD_FILE');
    expect(with_({ arrays: { ...arrays, 'item-tower': new Float32Array(3) } })).toBe('BAD_FILE');
    const nan = (arrays['weight.trunk.types'] as Float32Array).slice().fill(Number.NaN);
    expect(with_({ arrays: { ...arrays, 'weight.trunk.types': nan } })).toBe('BAD_FILE');
    const { settings, ...state } = saved.state as { settings: Record<string, number> };
    expect(with_({ state: { ...state, settings: { ...settings, width: 1e9 } } })).toBe('BAD_FILE');
    const ids = savedPortable({ trunk });
    expect(refusal(portableBytes(ids))).toBe('BAD_FILE');
  });
});
