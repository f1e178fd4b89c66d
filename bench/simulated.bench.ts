// The simulated shop: do the product's own models recover a truth that is known, in every scenario and over three years?
import { SCENARIOS, type ScenarioName } from '../src/data/synthetic/scenario.ts';
import { simulateShop } from '../src/data/synthetic.ts';
import { atMost, type Bench, type Target } from './bench.ts';
import { HORIZON_DAYS, type Recovery, recover } from './simulated-recovery.ts';
import { thirdYear } from './simulated-season.ts';
import { shopInLake } from './simulated-shop.ts';

const STEADY = { customers: 30_000, days: 490 } as const;

/**
 * Words: `recovery` (the steady shop, targets), `scenarios` (every scenario, smaller), `season` (three years); all three
 * when none is given. A number sets the customers of the recovery.
 */
export const bench: Bench = async ({ seed, threads, args, log }) => {
  const words = args.filter((arg) => Number.isNaN(Number(arg)));
  const wants = (word: string) => words.length === 0 || words.includes(word);
  const customers = Number(args.find((arg) => !Number.isNaN(Number(arg))) ?? STEADY.customers);
  const targets: Target[] = [];
  const figures: Record<string, unknown> = {};
  let version = 0;

  const run = async (
    scenario: ScenarioName,
    size: { customers: number; days: number },
  ): Promise<Recovery> => {
    const shop = simulateShop({ scenario, ...size, seed });
    version = shop.generatorVersion;
    const inLake = await shopInLake(shop, { threads, log });
    try {
      return await recover(inLake, { threads, models: 'auto', log });
    } finally {
      inLake.close();
    }
  };

  if (wants('recovery')) {
    const recovery = await run('steady', { ...STEADY, customers });
    const { truth, 'ideal observer': ideal } = recovery.figures;
    const chosen = recovery.figures[recovery.chosen];
    const beside = `${recovery.chosen}; ideal observer ${ideal.mae_to_truth.toFixed(4)}`;
    targets.push(
      atMost('steady: MAE to the true purchase probability', chosen.mae_to_truth, 0.02, beside),
      atMost('steady: ECE', chosen.ece, 0.01, `${recovery.chosen}; the truth itself ${truth.ece.toFixed(4)}`),
      atMost(
        'steady: AUC short of the truth',
        truth.roc_auc - chosen.roc_auc,
        0.01,
        `${chosen.roc_auc.toFixed(4)} beside ${truth.roc_auc.toFixed(4)}`,
      ),
    );
    figures.recovery = recovery;
  }
  if (wants('scenarios')) {
    const table: Recovery[] = [];
    for (const scenario of Object.keys(SCENARIOS) as ScenarioName[]) {
      if (scenario !== 'steady') table.push(await run(scenario, { customers: 6_000, days: 490 }));
    }
    figures.scenarios = table;
  }
  if (wants('season')) {
    const shop = simulateShop({ scenario: 'seasonal', customers: 6_000, days: 1_096, seed });
    version = shop.generatorVersion;
    const inLake = await shopInLake(shop, { threads, log });
    try {
      const season = await thirdYear(inLake, { threads, log });
      const peak = season.rows.reduce((best, row) => (row.season > best.season ? row : best));
      const chance = season.mean_absolute_bias_of_truth.toFixed(3);
      targets.push(
        atMost('seasonal, third year: |bias| of all spend', Math.abs(season.pooled_bias), 0.1),
        atMost(
          'seasonal, third year: |bias| of the busiest month',
          Math.abs(peak.bias),
          0.1,
          `window factor ${peak.season.toFixed(2)}; without season ${peak.bias_without_season.toFixed(3)}; the truth itself ${peak.bias_of_truth.toFixed(3)}`,
        ),
        atMost(
          'seasonal, third year: mean monthly |bias|',
          season.mean_absolute_bias,
          0.1,
          `without season ${season.mean_absolute_bias_without_season.toFixed(3)}, the truth's own expectation ${chance}`,
        ),
      );
      figures.season = season;
    } finally {
      inLake.close();
    }
  }
  return {
    bench: 'simulated',
    protocol:
      `simulated shop, generator version ${version}, seed ${seed}; CSV written, imported, features by the default view, ` +
      `task purchase over ${HORIZON_DAYS} days, everyone known by the test moment (the last ` +
      `${HORIZON_DAYS} days of the window are its label); 3 training moments, one calibration moment, a horizon apart; ` +
      'the product chooses on calibration data; truth conditioned on the latent state at the test moment',
    targets,
    figures,
  };
};
