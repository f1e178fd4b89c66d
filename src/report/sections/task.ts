// One task's part of the page, from the answer in words to the limits.
import { html, type Markup } from '../html.ts';
import type { Speech } from '../speech.ts';
import type { TaskReport } from '../task-document.ts';
import { coverageSection, residualsSection } from './amounts.ts';
import { backtestSection } from './backtest.ts';
import { decilesSection } from './deciles.ts';
import { differencesSection } from './differences.ts';
import { leaderboardSection } from './leaderboard.ts';
import { metricsSection } from './metrics.ts';
import { rankingSection, reliabilitySection } from './probability.ts';
import { eligibilitySection, protocolSection } from './protocol.ts';
import { driversSection, examplesSection } from './reasons.ts';
import { summarySection } from './summary.ts';
import { tiersSection } from './tiers.ts';
import { leakageSection, limitsSection } from './trust.ts';

type Section = (speech: Speech, task: TaskReport) => Markup;

/** First what it found and whether to trust it, then what to do, then why, then the fine print. */
const SECTIONS: readonly { readonly draw: Section; readonly only?: TaskReport['kind'] }[] = [
  { draw: metricsSection },
  { draw: differencesSection },
  { draw: leaderboardSection },
  { draw: decilesSection },
  { draw: tiersSection },
  { draw: reliabilitySection, only: 'binary' },
  { draw: rankingSection, only: 'binary' },
  { draw: residualsSection, only: 'amount' },
  { draw: coverageSection, only: 'amount' },
  { draw: driversSection },
  { draw: examplesSection },
  { draw: backtestSection },
  { draw: eligibilitySection },
  { draw: leakageSection },
  { draw: protocolSection },
  { draw: limitsSection },
];

export function taskPart(speech: Speech, task: TaskReport): Markup {
  return html`<header class="opening"><p class="kicker">${speech.say(task.title)} · ${speech.text(
    'unit.days',
    {
      days: task.horizonDays,
    },
  )}${task.modelVersion !== undefined && ` · ${task.modelVersion}`}</p><h2>${speech.say(task.question)}</h2></header>
${summarySection(speech, task)}
${SECTIONS.filter(({ only }) => only === undefined || only === task.kind).map(({ draw }) => draw(speech, task))}`;
}
