// For questions of money: how far off single predictions are, and whether the stated ranges keep their promise.
import { minorPerMajor } from '../../core/money.ts';
import { coverageChart } from '../charts/coverage-deciles.ts';
import { errorDecilesChart } from '../charts/error-deciles.ts';
import { residualsChart } from '../charts/residuals.ts';
import { html, type Markup } from '../html.ts';
import type { Speech } from '../speech.ts';
import type { Coverage, Residuals, TaskReport } from '../task-document.ts';
import { figure, filled, section } from './section.ts';

export function residualsSection(speech: Speech, task: TaskReport): Markup {
  const smallest = task.unit === 'money' ? minorPerMajor(speech.currency) : 1;
  return section<Residuals>(
    speech,
    { title: speech.text('residuals.title'), lede: speech.text('residuals.lede') },
    filled(task.residuals, ({ byDecile }) => byDecile),
    (residuals) =>
      html`<div class="charts">${figure(
        speech,
        residualsChart(speech, residuals, { unit: task.unit, smallest }),
        {
          title: speech.text('residuals.scatter'),
          note: speech.text('residuals.sample', {
            shown: speech.count(residuals.points.length),
            customers: speech.count(residuals.customers),
          }),
        },
      )}${figure(speech, errorDecilesChart(speech, residuals, { unit: task.unit, smallest }), {
        title: speech.text('errors.title'),
        note: speech.text('errors.unit'),
      })}</div>`,
  );
}

export function coverageSection(speech: Speech, task: TaskReport): Markup {
  return section<Coverage>(
    speech,
    ({ nominal, method, checkedOn }) => ({
      title: speech.text('coverage.title'),
      lede:
        method &&
        speech.text('coverage.lede', {
          nominal: speech.share(nominal, 0),
          method: speech.say(method),
          checkedOn: speech.say(checkedOn),
        }),
    }),
    task.coverage,
    (coverage) => [
      html`<p class="finding">${inWords(speech, task, coverage)}</p>`,
      coverage.byDecile && coverage.byDecile.length > 0
        ? html`<div class="charts">${figure(speech, coverageChart(speech, coverage))}</div>`
        : html``,
    ],
  );
}

const inWords = (speech: Speech, task: TaskReport, { covered, nominal, meanWidth }: Coverage): string =>
  speech.text('coverage.words', {
    share: speech.share(covered.value),
    interval: speech.range(speech.share(covered.low), speech.share(covered.high)),
    nominal: speech.share(nominal, 0),
    width: speech.value(meanWidth, task.unit),
  });
