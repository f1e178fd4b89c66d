// One task's part of the page, from the answer in words to the limits.
import { html, type Markup } from '../html.ts';
import type { Speech } from '../speech.ts';
import type { TaskReport } from '../task-document.ts';
import { leaderboardSection } from './leaderboard.ts';
import { metricsSection } from './metrics.ts';
import { summarySection } from './summary.ts';

export function taskPart(speech: Speech, task: TaskReport): Markup {
  return html`<header class="opening"><p class="kicker">${speech.say(task.title)}</p><h2>${speech.say(task.question)}</h2></header>
${summarySection(speech, task)}
${leaderboardSection(speech, task)}
${metricsSection(speech, task)}`;
}
