// What could be wrong: the leakage checks in words, and what this report cannot tell.
import { html, type Markup } from '../html.ts';
import type { Speech } from '../speech.ts';
import type { Leakage, TaskReport } from '../task-document.ts';
import { findingList } from './data.ts';
import { filled, section } from './section.ts';

export function leakageSection(speech: Speech, task: TaskReport): Markup {
  return section<Leakage>(
    speech,
    { title: speech.text('leakage.title'), lede: speech.text('leakage.lede') },
    filled(task.leakage, ({ checks }) => checks),
    ({ checks }) => findingList(speech, checks),
  );
}

export function limitsSection(speech: Speech, { limits }: TaskReport): Markup {
  return section(
    speech,
    { title: speech.text('limits.title') },
    limits.length > 0 ? { limits } : undefined,
    () => html`<ul class="prose">${limits.map((words) => html`<li>${speech.say(words)}</li>`)}</ul>`,
  );
}
