// One task's part of the page, from the answer in words to the limits.
import { html, type Markup } from '../html.ts';
import type { Speech } from '../speech.ts';
import type { TaskReport } from '../task-document.ts';
import { coverageSection, residualsSection } from './amounts.ts';
import { backtestSection } from './backtest.ts';
import { decilesSection } from './deciles.ts';
import { differencesSection } from './differences.ts';
import { effectsSection } from './effects.ts';
import { groupsSection } from './groups.ts';
import { leaderboardSection } from './leaderboard.ts';
import { metricsSection } from './metrics.ts';
import { rankingSection, reliabilitySection } from './probability.ts';
import { eligibilitySection, protocolSection } from './protocol.ts';
import { driversSection, examplesSection } from './reasons.ts';
import { summarySection } from './summary.ts';
import { tiersSection } from './tiers.ts';
import { leakageSection, limitsSection } from './trust.ts';

type Section = (speech: Speech, task: TaskReport) => Markup;

interface Placed {
  readonly draw: Section;
  /** Kinds of questions it says something about; all when absent. */
  readonly only?: readonly TaskReport['kind'][];
  /** Speaks of customers over time, which rows and sequences do not have. */
  readonly ofCustomers?: boolean;
}

/** A value for each, rather than a place for every item. */
const PREDICTED: readonly TaskReport['kind'][] = ['binary', 'amount', 'classes'];

/** First what it found and whether to trust it, then what to do, then why, then the fine print. */
const SECTIONS: readonly Placed[] = [
  { draw: metricsSection },
  { draw: differencesSection },
  { draw: leaderboardSection },
  { draw: decilesSection, only: ['binary', 'amount'] },
  { draw: tiersSection, ofCustomers: true },
  { draw: reliabilitySection, only: ['binary'] },
  { draw: rankingSection, only: ['binary'] },
  { draw: residualsSection, only: ['amount'] },
  { draw: coverageSection, only: ['amount'] },
  { draw: groupsSection, only: PREDICTED },
  { draw: driversSection, only: PREDICTED },
  { draw: effectsSection, only: ['binary', 'amount'] },
  { draw: examplesSection, only: PREDICTED },
  { draw: backtestSection, ofCustomers: true },
  { draw: eligibilitySection, ofCustomers: true },
  { draw: leakageSection, only: PREDICTED },
  { draw: protocolSection },
  { draw: limitsSection },
];

export function taskPart(speech: Speech, task: TaskReport): Markup {
  return html`<header class="opening"><p class="kicker">${speech.say(task.title)}${task.horizonDays > 0 && ` · ${speech.text('unit.days', { days: task.horizonDays })}`}${task.modelVersion !== undefined && ` · ${task.modelVersion}`}</p><h2>${speech.say(task.question)}</h2></header>
${summarySection(speech, task)}
${SECTIONS.filter(
  ({ only, ofCustomers }) =>
    (only === undefined || only.includes(task.kind)) && !(ofCustomers && speech.about !== 'customers'),
).map(({ draw }) => draw(speech, task))}`;
}
