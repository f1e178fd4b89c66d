// The end of a training anew: an accepted version put into service, the decision written down.
import { promote } from '../../registry/promotion.ts';
import { addRetraining } from '../../registry/retraining-record.ts';
import { startRollout } from '../../registry/rollout.ts';
import type { RetrainingDecision } from './decide.ts';

/** How an accepted version comes into service; `none` only says what would be done. */
export type EnterService =
  | { readonly kind: 'promote' }
  | {
      readonly kind: 'canary';
      readonly share: number;
      readonly promoteAfterMs?: number;
      readonly salt: string;
    }
  | { readonly kind: 'none' };

export interface RetrainingResult extends RetrainingDecision {
  readonly task: string;
  /** The version that was trained; undefined where nothing was. */
  readonly version: string | undefined;
  readonly incumbent: string | undefined;
  readonly service: 'promoted' | 'canary' | undefined;
}

export interface RetrainingPlace {
  readonly modelsDir: string;
  readonly task: string;
  readonly incumbent: string | undefined;
  /** UTC ms. */
  readonly now: () => number;
}

export const NOTHING_NEW: RetrainingDecision = {
  ...{ verdict: 'unchanged', reason: 'no-new-data' },
  said: 'the lake is as it was at the last training',
};

/** @throws AppError DISK, TAMPERED */
export function conclude(
  place: RetrainingPlace,
  decision: RetrainingDecision,
  version: string | undefined,
  service: EnterService,
): RetrainingResult {
  const { modelsDir, task, incumbent, now } = place;
  const entered =
    decision.verdict === 'accepted' && version !== undefined ? enter(place, version, service) : undefined;
  addRetraining(modelsDir, task, {
    ...{ atMs: now(), ...decision },
    ...{ version: version ?? null, incumbent: incumbent ?? null, service: entered ?? null },
  });
  return { ...decision, task, version, incumbent, service: entered };
}

function enter(
  { modelsDir, task, incumbent, now }: RetrainingPlace,
  version: string,
  service: EnterService,
): 'promoted' | 'canary' | undefined {
  if (service.kind === 'none') return undefined;
  if (service.kind === 'canary' && incumbent !== undefined) {
    const { share, promoteAfterMs, salt } = service;
    const asked = { task, reference: version, mode: 'canary', share } as const;
    startRollout(
      modelsDir,
      { ...asked, ...(promoteAfterMs !== undefined && { promoteAfterMs }) },
      { atMs: now(), salt },
    );
    return 'canary';
  }
  promote(modelsDir, { task, reference: version }, { atMs: now() });
  return 'promoted';
}
