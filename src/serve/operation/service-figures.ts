// Figures of one shop that are read when somebody looks: its journal, its state, how old its models are.
import type { Metrics } from '../../monitor/metrics/metrics.ts';
import type { ShopService } from '../open-service.ts';

type Shown = Pick<ShopService, 'journal' | 'state' | 'models'>;

/** @returns a function that brings the figures of models up to date, to be called when other models answer */
export function showService(
  metrics: Metrics,
  name: string,
  { journal, state, models }: Shown,
  now: () => number,
): () => void {
  const own = { 'foresell.workspace': name };
  metrics.watch('foresell.journal.ready', own, () => (journal.ready ? 1 : 0));
  metrics.watch('foresell.journal.size', own, () => journal.journal.bytes);
  metrics.watch('foresell.state.users', own, () => state.counts().people);
  metrics.watch('foresell.state.size', own, () => state.counts().bytes);
  let shown: (() => void)[] = [];
  return () => {
    for (const end of shown) end();
    shown = models.bundles.map(({ task, version, seenUntilMs }) => {
      const labels = { ...own, 'foresell.task': task.name, 'foresell.model.version': version.version };
      const end = metrics.watch('foresell.model.age', labels, () => (now() - seenUntilMs) / 1000);
      return () => {
        end();
        metrics.forget('foresell.model.age', labels);
      };
    });
  };
}
