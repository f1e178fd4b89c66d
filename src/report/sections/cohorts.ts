// Do customers come back, and what are they worth as time goes by.
import { cohortHeatChart } from '../charts/cohort-heat.ts';
import { valueCurvesChart } from '../charts/value-curves.ts';
import type { CohortReport, ReportDocument } from '../document.ts';
import type { Markup } from '../html.ts';
import type { Speech } from '../speech.ts';
import { filled, section, wideFigure } from './section.ts';

export function cohortsSection(speech: Speech, document: ReportDocument): Markup {
  return section<CohortReport>(
    speech,
    { title: speech.text('cohorts.title'), lede: speech.text('cohorts.lede') },
    filled(document.cohorts, ({ cohorts }) => cohorts),
    ({ cohorts }) => [
      wideFigure(speech, (width) => cohortHeatChart(speech, cohorts, width), {
        title: speech.text('cohorts.heatTitle'),
      }),
      wideFigure(speech, (width) => valueCurvesChart(speech, cohorts, width), {
        title: speech.text('cohorts.valueTitle'),
        note: speech.text('cohorts.valueNote'),
      }),
    ],
  );
}
