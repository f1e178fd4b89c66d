// For yes-or-no questions: do the probabilities hold, and does the ranking find the right customers.
import { reliabilityChart } from '../charts/reliability.ts';
import { type UnitCurve, unitCurvesChart } from '../charts/unit-curves.ts';
import { html, type Markup } from '../html.ts';
import type { Speech } from '../speech.ts';
import type { RankingCurves, Reliability, TaskReport } from '../task-document.ts';
import { chartTable, figure, filled, section } from './section.ts';

export function reliabilitySection(speech: Speech, task: TaskReport): Markup {
  return section<Reliability>(
    speech,
    ({ method }) => ({
      title: speech.text('reliability.title'),
      lede: method && speech.text('reliability.lede', { method: speech.say(method) }),
    }),
    filled(task.reliability, ({ bins }) => bins),
    ({ bins, pair }) => {
      const { table, ...chart } = reliabilityChart(speech, bins);
      return [
        html`<div class="charts">${figure(speech, chart)}${table && chartTable(table)}</div>`,
        pair
          ? html`<p class="finding">${speech.say(pair.words)} ${speech.text('reliability.apart', { width: speech.share(pair.meanWidth) })}</p>`
          : html``,
      ];
    },
  );
}

export function rankingSection(speech: Speech, task: TaskReport): Markup {
  return section<RankingCurves>(
    speech,
    { title: speech.text('ranking.title'), lede: speech.text('ranking.lede') },
    filled(task.ranking, ({ curves }) => curves),
    (ranking) =>
      html`<div class="charts">${rocFigure(speech, ranking)}${precisionFigure(speech, ranking)}</div>`,
  );
}

function rocFigure(speech: Speech, { curves }: RankingCurves): Markup {
  const drawn: UnitCurve[] = curves.map(({ label, role, roc }) => ({
    label: speech.say(label),
    role,
    points: roc,
  }));
  const chart = unitCurvesChart(speech, drawn, {
    label: speech.text('roc.label'),
    x: speech.text('roc.x'),
    y: speech.text('roc.y'),
    chance: { label: speech.text('roc.chance'), from: [0, 0], to: [1, 1] },
  });
  return figure(speech, chart, { title: speech.text('roc.title') });
}

function precisionFigure(speech: Speech, { curves, positiveShare }: RankingCurves): Markup {
  const drawn: UnitCurve[] = curves.map(({ label, role, precisionRecall }) => ({
    label: speech.say(label),
    role,
    points: precisionRecall,
  }));
  const chart = unitCurvesChart(speech, drawn, {
    label: speech.text('pr.label'),
    x: speech.text('pr.x'),
    y: speech.text('pr.y'),
    chance: {
      label: speech.text('pr.chance', { share: speech.share(positiveShare, 0) }),
      from: [0, positiveShare],
      to: [1, positiveShare],
    },
  });
  return figure(speech, chart, { title: speech.text('pr.title') });
}
