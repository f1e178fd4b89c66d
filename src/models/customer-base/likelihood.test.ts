// Likelihoods, their slopes and the predictions against closed forms and acted-out customers.
import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import { logHyp2f1 } from '../../core/special.ts';
import { BG_NBD, MBG_NBD } from './bg-nbd.ts';
import { expectedPurchases, type Family, type Parameters, purchaseProbability } from './family.ts';
import { PARETO_NBD } from './pareto-nbd.ts';
import { type Customer, gatherHistory } from './purchase-history.ts';
import { type Leaving, simulateCustomer } from './simulate-customers.ts';

const customer = (frequency: number, recency: number, T: number): Customer => ({ frequency, recency, T });

/** Awkward on purpose: new, old, silent, busy, very busy, busy and silent, bought today. */
const CUSTOMERS = [
  customer(0, 0, 3.5),
  customer(0, 0, 38),
  customer(1, 2, 30),
  customer(2, 30.43, 38.86),
  customer(7, 20, 39),
  customer(26, 30.86, 31),
  customer(90, 99, 104),
  customer(90, 40, 104),
  customer(3, 12, 12),
];

const logLikelihoodOf = <Letter extends string>(
  family: Family<Letter>,
  parameters: Parameters<Letter>,
  { frequency, recency, T }: Customer,
) => {
  const history = gatherHistory({ frequency: [frequency], recency: [recency], T: [T] });
  return family.logLikelihood(history, parameters, new Float64Array(family.letters.length));
};

const near = (got: number, expected: number, digits = 10) =>
  expect(Math.abs(got / expected - 1), `${got} against ${expected}`).toBeLessThan(10 ** -digits);

describe('the closed forms of the papers (source: mpmath 1.3, 30 digits)', () => {
  it.each([
    [
      { r: 0.553, alpha: 10.58, s: 0.606, beta: 11.67 },
      [
        -0.14558592517785365, -0.5181159554257915, -4.427761557141717, -9.554246553409405,
        -20.376315559299996, -39.13280655025312, -113.43650445415855, -44.2563451012633, -9.413917399555398,
      ],
      [
        0.842477181597678, 0.300439028643044, 0.250923543631544, 0.86917148212026, 0.216563773948351,
        0.997918784406868, 0.725793048438555, 6.55015142616964e-31, 1,
      ],
    ],
    [
      { r: 1.7, alpha: 40, s: 0.3, beta: 2 },
      [
        -0.11922236842157438, -0.5270795001161314, -4.2954832195457175, -9.184612908376698,
        -21.92290537505959, -48.98411853078361, -129.14142797690857, -80.16306535187984, -10.051310606332978,
      ],
      [
        0.721187278002719, 0.22158475639004, 0.299540026004346, 0.917679026837608, 0.515429908522907,
        0.998689915780676, 0.899831171848181, 4.8209032209729e-22, 1,
      ],
    ],
    [
      { r: 0.2, alpha: 0.5, s: 3, beta: 90 },
      [
        -0.39836808601423473, -0.6794652139465863, -4.847194706762107, -10.462346452589063,
        -19.528483945357245, -34.28449020481718, -107.83927803920356, -26.643883809899076, -9.2351095220363,
      ],
      [
        0.876362447981221, 0.287665293169376, 0.154866646199268, 0.770897299856741, 0.0654326262151828,
        0.99632329249738, 0.393634480040847, 2.14971785344046e-36, 1,
      ],
    ],
  ])('Pareto/NBD at %o', (parameters, logLikelihoods, alive) => {
    CUSTOMERS.forEach((own, i) => {
      near(logLikelihoodOf(PARETO_NBD, parameters, own), logLikelihoods[i]);
      near(PARETO_NBD.aliveProbability(parameters, own), alive[i]);
    });
  });

  it.each([
    [
      { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 },
      [
        -0.14187604453627117, -0.5498354168255056, -4.443581386194566, -9.458606307066272,
        -20.372089448100446, -37.72657947339444, -111.52572645110078, -36.21931697094532, -9.593932187326223,
      ],
      [
        -0.10501192019540748, -0.38384103940763536, -4.889604618519974, -9.687182636249961, -20.5484062876716,
        -37.75518855327491, -111.5383974475151, -36.23873863261775, -9.75874175835864,
      ],
      [
        0.79273347855525, 0.198657790409996, 0.320486669346414, 1.22602817476714, 0.731885966490184,
        20.7497261408573, 17.7728370480627, 3.50427894984418e-32, 4.33517037591121,
      ],
    ],
    [
      { r: 2, alpha: 30, a: 1.5, b: 0.7 },
      [
        -0.22069611433773076, -1.6366206470279026, -3.2162565958766667, -9.200464980943831,
        -22.35029293088954, -48.78893811690278, -127.62458568461555, -72.41604923201857, -10.485554360791099,
      ],
      [
        -0.06508546182839926, -0.296052965523509, -4.645831070693127, -9.892666791686098, -22.638340048730278,
        -48.84579358142674, -127.64492192626017, -72.44353859351635, -10.927387113070138,
      ],
      [
        1.0742943846188, 0.725766372759802, 0.0809890296151657, 0.611287601860729, 0.695869074329131,
        11.4441047080877, 14.1855885353187, 1.49652722956238e-23, 1.69256051214539,
      ],
    ],
  ])('BG/NBD and MBG/NBD at %o', (parameters, plain, modified, purchasesIn39Weeks) => {
    CUSTOMERS.forEach((own, i) => {
      near(logLikelihoodOf(BG_NBD, parameters, own), plain[i]);
      near(logLikelihoodOf(MBG_NBD, parameters, own), modified[i]);
      near(expectedPurchases(BG_NBD, parameters, own, 39), purchasesIn39Weeks[i]);
    });
  });

  it('BTYD prints the same predictions for the customer of 26 purchases (vignette, CDNOW parameters)', () => {
    const busy = customer(26, 30.86, 31);
    const pareto = { r: 0.5534, alpha: 10.5802, s: 0.6061, beta: 11.6562 };
    const bg = { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 };
    // The vignette's parameters stand rounded, so its last digit may differ.
    expect(expectedPurchases(PARETO_NBD, pareto, busy, 52)).toBeCloseTo(25.46, 1);
    expect(PARETO_NBD.aliveProbability(pareto, busy)).toBeCloseTo(0.9979, 4);
    expect(expectedPurchases(BG_NBD, bg, busy, 52)).toBeCloseTo(25.76, 1);
    expect(BG_NBD.aliveProbability(bg, busy)).toBeCloseTo(0.9688, 3);
  });

  it('Pareto/NBD buys as often as its double integral over rates of buying and leaving says', () => {
    const parameters = { r: 0.8, alpha: 6, s: 0.7, beta: 11 };
    near(PARETO_NBD.buysWhenAlive(parameters, customer(0, 0, 20), 20), 0.314168562196, 11);
    near(PARETO_NBD.buysWhenAlive(parameters, customer(3, 15, 20), 20), 0.793504720314, 11);
  });

  it('MBG/NBD expects what its closed form with ₂F₁ says', () => {
    const { r, alpha, a, b } = { r: 0.52, alpha: 6.2, a: 1.9, b: 1.6 };
    for (const own of CUSTOMERS) {
      const x = own.frequency;
      const share = 39 / (alpha + own.T + 39);
      const inner = (r + x) * Math.log1p(-share) + logHyp2f1(r + x, b + x + 1, a + b + x, share);
      const ifAlive = ((a + b + x) / (a - 1)) * -Math.expm1(inner);
      near(MBG_NBD.purchasesWhenAlive({ r, alpha, a, b }, own, 39), ifAlive, 9);
    }
  });
});

const FAMILIES: readonly {
  family: Family<string>;
  parameters: Parameters<string>;
  leaving: Leaving;
}[] = [
  {
    family: BG_NBD as Family<string>,
    parameters: { r: 0.8, alpha: 6, a: 0.9, b: 2.4 },
    leaving: { kind: 'coin', a: 0.9, b: 2.4, firstCoin: false },
  },
  {
    family: MBG_NBD as Family<string>,
    parameters: { r: 0.8, alpha: 6, a: 0.9, b: 2.4 },
    leaving: { kind: 'coin', a: 0.9, b: 2.4, firstCoin: true },
  },
  {
    family: PARETO_NBD as Family<string>,
    parameters: { r: 0.8, alpha: 6, s: 0.7, beta: 11 },
    leaving: { kind: 'moment', s: 0.7, beta: 11 },
  },
];

describe.each(FAMILIES)('$family.id', ({ family, parameters, leaving }) => {
  it('has the slopes that central differences show', () => {
    const history = gatherHistory(
      {
        frequency: CUSTOMERS.map((own) => own.frequency),
        recency: CUSTOMERS.map((own) => own.recency),
        T: CUSTOMERS.map((own) => own.T),
      },
      CUSTOMERS.map((_, i) => 1 + i / 3),
    );
    const slopes = new Float64Array(family.letters.length);
    family.logLikelihood(history, parameters, slopes);
    const step = 1e-5;
    family.letters.forEach((letter, i) => {
      const at = (by: number) =>
        family.logLikelihood(
          history,
          { ...parameters, [letter]: parameters[letter] * Math.exp(by) },
          new Float64Array(4),
        );
      near(slopes[i], (at(step) - at(-step)) / (2 * step), 6);
    });
  });

  it('predicts what 12,000 acted-out customers then do, in every tenth of its predictions', () => {
    const draw = random(11);
    const weeks = 20;
    const drawn = Array.from({ length: 12_000 }, () => {
      const own = simulateCustomer(draw, {
        r: parameters.r,
        alpha: parameters.alpha,
        leaving,
        T: 2 + 50 * draw.uniform(),
        weeks,
      });
      return {
        ...own,
        alive: family.aliveProbability(parameters, own),
        buys: purchaseProbability(family, parameters, own, weeks),
        expected: expectedPurchases(family, parameters, own, weeks),
      };
    });
    const check = (
      predicted: (own: (typeof drawn)[number]) => number,
      seen: (own: (typeof drawn)[number]) => number,
    ) => {
      const sorted = [...drawn].sort((a, b) => predicted(a) - predicted(b));
      const size = sorted.length / 10;
      for (let tenth = 0; tenth < 10; tenth++) {
        const part = sorted.slice(tenth * size, (tenth + 1) * size);
        const misses = part.map((own) => seen(own) - predicted(own));
        const mean = misses.reduce((sum, miss) => sum + miss, 0) / size;
        const variance = misses.reduce((sum, miss) => sum + (miss - mean) ** 2, 0) / size;
        // Thirty such tenths a model: four standard errors are passed by luck once in 500 runs of all.
        expect(Math.abs(mean)).toBeLessThan(4 * Math.sqrt(variance / size) + 1e-9);
      }
    };
    check(
      (own) => own.alive,
      (own) => Number(own.aliveAtT),
    );
    check(
      (own) => own.buys,
      (own) => Number(own.future > 0),
    );
    check(
      (own) => own.expected,
      (own) => own.future,
    );
  });

  it('gives one-time buyers of different age different chances to buy, older ones smaller', () => {
    const chances = [1, 5, 20, 80].map((T) => purchaseProbability(family, parameters, customer(0, 0, T), 13));
    for (let i = 1; i < chances.length; i++) expect(chances[i]).toBeLessThan(0.95 * chances[i - 1]);
  });

  it('stays within its bounds for very busy and very old customers, over no time and over ages', () => {
    for (const own of [
      customer(5000, 700, 701),
      customer(5000, 10, 700),
      customer(0, 0, 0),
      customer(1, 0, 5000),
    ]) {
      for (const weeks of [0, 1e-6, 1, 5000]) {
        const buys = purchaseProbability(family, parameters, own, weeks);
        const expected = expectedPurchases(family, parameters, own, weeks);
        expect(buys).toBeGreaterThanOrEqual(0);
        expect(buys).toBeLessThanOrEqual(1);
        expect(expected).toBeGreaterThanOrEqual(buys * (1 - 1e-9));
        expect(Number.isFinite(expected)).toBe(true);
      }
    }
  });
});
