// What is noted of a run beside the version it made: when, how long, by which command, on what machine.
import { arch, cpus, platform, totalmem } from 'node:os';
import { PRODUCT_VERSION } from '../core/product.ts';

export interface RunFacts {
  readonly createdMs: number;
  readonly seconds: number;
  /** As typed. */
  readonly command: string;
}

export function runRecord(
  facts: RunFacts,
  trials: readonly { readonly estimator: { readonly id: string }; readonly fitSeconds: number }[],
) {
  return {
    ...facts,
    machine: `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB, ${platform()} ${arch()}, Node ${process.version}`,
    product: PRODUCT_VERSION,
    fitSeconds: Object.fromEntries(trials.map(({ estimator, fitSeconds }) => [estimator.id, fitSeconds])),
  };
}
