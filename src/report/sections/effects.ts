// How the answer moves with each of the columns the model leans on most.
import { partialDependenceChart } from '../charts/partial-dependence.ts';
import { extent } from '../charts/scale.ts';
import { html, type Markup } from '../html.ts';
import type { Speech } from '../speech.ts';
import type { Effect, Effects, TaskReport } from '../task-document.ts';
import { figure, filled, section } from './section.ts';

export function effectsSection(speech: Speech, task: TaskReport): Markup {
  return section<Effects>(
    speech,
    ({ customers }) => ({
      title: speech.text('effects.title'),
      lede:
        customers !== undefined ? speech.text('effects.lede', { count: speech.count(customers) }) : undefined,
    }),
    filled(task.effects, ({ columns }) => columns),
    ({ columns }) => {
      const shape = { unit: task.unit, domain: sharedDomain(columns) };
      return html`<div class="charts">${columns.map((effect) =>
        figure(speech, partialDependenceChart(speech, effect, shape), { title: speech.say(effect.feature) }),
      )}</div>`;
    },
  );
}

/** One scale for all charts: all means, and the middle four fifths of what single customers' curves reach. */
function sharedDomain(columns: readonly Effect[]): [number, number] {
  const means = columns.flatMap(({ points }) => points.flatMap(({ mean }) => [mean.low, mean.high]));
  const reached = columns.flatMap(({ curves = [] }) => curves.flat()).sort((a, b) => a - b);
  const at = (share: number) => reached[Math.floor(share * (reached.length - 1))] ?? Number.NaN;
  return extent([...means, at(0.1), at(0.9)]);
}
