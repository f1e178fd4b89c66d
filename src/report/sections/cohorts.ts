// Do customers come back, and what are they worth as time goes by.
import { cohortHeatChart } from '../charts/cohort-heat.ts';
import { valueCurvesChart } from '../charts/value-curves.ts';
import { type CohortReport, isMissing, type ReportDocument } from '../document.ts';
import { html, type Markup } from '../html.ts';
import type { Speech } from '../speech.ts';
import { filled, section, wideFigure } from './section.ts';

export function cohortsSection(speech: Speech, document: ReportDocument): Markup {
  return section<CohortReport>(
    speech,
    { title: speech.text('cohorts.title'), lede: speech.text('cohorts.lede') },
    filled(document.cohorts, ({ cohorts }) => cohorts),
    ({ cohorts }) => {
      const view = { cohorts, unfinished: unfinishedMonth(document) };
      return [
        html`<p class="lede spaced">${speech.text('cohorts.firstNote', { month: cohorts[0].month })}</p>`,
        wideFigure(speech, (width) => cohortHeatChart(speech, view, width), {
          title: speech.text('cohorts.heatTitle'),
          note: view.unfinished && speech.text('cohorts.unfinished', { month: view.unfinished }),
        }),
        wideFigure(speech, (width) => valueCurvesChart(speech, view, width), {
          title: speech.text('cohorts.valueTitle'),
          note: speech.text('cohorts.valueNote'),
        }),
      ];
    },
  );
}

/** The month in which the data end, when they end inside it. */
function unfinishedMonth({ data }: ReportDocument): string | undefined {
  const last = data && !isMissing(data) ? data.months.at(-1) : undefined;
  return last?.partial ? last.month : undefined;
}
