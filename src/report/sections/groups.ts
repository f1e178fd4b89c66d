// Whether the promise is kept for everybody: probabilities or ranges checked group by group, broken ones named.
import type { GroupedChecks } from '../../eval/coverage-report.ts';
import { groupSharesChart } from '../charts/group-shares.ts';
import { html, type Markup } from '../html.ts';
import type { Speech } from '../speech.ts';
import type { GroupPromises, TaskReport } from '../task-document.ts';
import { figure, filled, section } from './section.ts';

/** Broken groups named in the sentence; the pictures show them all. */
const MOST_NAMED = 4;

export function groupsSection(speech: Speech, task: TaskReport): Markup {
  return section<GroupPromises>(
    speech,
    ({ of }) => ({
      title: speech.text('groups.title'),
      lede: of && speech.text(of === 'ranges' ? 'groups.ledeRanges' : 'groups.ledeProbabilities'),
    }),
    filled(task.groups, ({ groupings }) => groupings),
    ({ of, groupings }) => [
      html`<p class="finding">${inWords(speech, groupings)}</p>`,
      html`<div class="charts">${groupings.map((grouping) =>
        figure(
          speech,
          groupSharesChart(
            speech,
            grouping,
            speech.text(of === 'ranges' ? 'groups.promised' : 'groups.predicted'),
          ),
          { title: speech.say(grouping.by) },
        ),
      )}</div>`,
    ],
  );
}

/** The groups promised too much or too little, by name. */
function inWords(speech: Speech, groupings: readonly GroupedChecks[]): string {
  const looked = groupings.reduce((sum, { groups }) => sum + groups.length, 0);
  const broken = groupings.flatMap(({ by, groups }) =>
    groups
      .filter((group) => group.broken)
      .map(({ label, promised, kept }) =>
        speech.text('groups.one', {
          by: speech.say(by),
          group: speech.say(label),
          promised: speech.share(promised),
          kept: speech.share(kept.value),
        }),
      ),
  );
  if (broken.length === 0) return speech.text('groups.kept', { count: speech.count(looked) });
  const rest = broken.length - MOST_NAMED;
  const named = [
    ...broken.slice(0, MOST_NAMED),
    ...(rest > 0 ? [speech.text('groups.more', { count: speech.count(rest) })] : []),
  ];
  return speech.text('groups.broken', {
    broken: speech.count(broken.length),
    count: speech.count(looked),
    list: named.join(speech.language === 'zh' ? '；' : '; '),
  });
}
