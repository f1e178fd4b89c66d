// Is there enough data, and how every number was measured.
import type { Protocol } from '../../eval/score.ts';
import { html, type Markup } from '../html.ts';
import type { Speech } from '../speech.ts';
import type { Eligibility, TaskReport } from '../task-document.ts';
import { section, terms } from './section.ts';

export function eligibilitySection(speech: Speech, task: TaskReport): Markup {
  return section<Eligibility>(
    speech,
    { title: speech.text('eligibility.title') },
    task.eligibility,
    ({ verdict, checks }) =>
      html`<p><b>${speech.text(`eligibility.${verdict}`)}</b></p><ul class="findings">${checks.map(
        ({ words, passed }) =>
          html`<li><span class="chip ${passed ? 'good' : 'warning'}">${speech.text(
            passed ? 'eligibility.passed' : 'eligibility.failed',
          )}</span> <span>${speech.say(words)}</span></li>`,
      )}</ul>`,
  );
}

export function protocolSection(speech: Speech, task: TaskReport): Markup {
  return section<Protocol>(
    speech,
    { title: speech.text('protocol.title'), lede: speech.text('protocol.lede') },
    task.protocol,
    (protocol) => stamp(speech, task, protocol),
  );
}

function stamp(speech: Speech, task: TaskReport, protocol: Protocol): Markup {
  const moments = (list: readonly string[]) =>
    list.length > 0
      ? html`${list.map((moment, i) => html`${i > 0 && ', '}<time datetime="${moment}" title="${moment}">${speech.moment(moment)}</time>`)}`
      : speech.text('word.none');
  const said = (key: 'split' | 'calibration' | 'candidates' | 'ties' | 'interval') => {
    const words = task.protocolWords?.[key];
    return words ? speech.say(words) : protocol[key];
  };
  type Line = readonly [term: string, body: string | Markup];
  /** Lines about a shop's history, which rows and sequences do not have. */
  const ofShops = (...lines: readonly Line[]) => (speech.about === 'customers' ? lines : []);
  const ofItems = (...lines: readonly Line[]) => (speech.about === 'rows' ? [] : lines);
  const ofOutcomes = (...lines: readonly Line[]) => (speech.about === 'sequences' ? [] : lines);
  return terms([
    [speech.text('protocol.split'), said('split')],
    ...ofShops(
      [speech.text('protocol.train'), moments(protocol.train_as_of)],
      [speech.text('protocol.calibrate'), moments(protocol.calibrate_as_of)],
    ),
    ...ofOutcomes([speech.text('protocol.calibration'), said('calibration')]),
    ...ofShops(
      [speech.text('protocol.test'), moments(protocol.test_as_of)],
      [speech.text('protocol.horizon'), speech.text('unit.days', { days: protocol.horizon_days })],
    ),
    [speech.text('protocol.candidates'), said('candidates')],
    [speech.text('protocol.ties'), said('ties')],
    [speech.text('protocol.examples'), speech.count(protocol.examples)],
    ...ofOutcomes([
      speech.text('protocol.positives'),
      `${speech.count(protocol.positives)} (${speech.share(protocol.positives / Math.max(1, protocol.examples))})`,
    ]),
    [speech.text('protocol.users'), speech.count(protocol.users)],
    ...ofItems([speech.text('protocol.items'), speech.count(protocol.items)]),
    [speech.text('protocol.interactions'), speech.count(protocol.interactions)],
    [speech.text('protocol.seeds'), protocol.seeds.join(', ')],
    [speech.text('protocol.interval'), said('interval')],
    [speech.text('protocol.fingerprint'), html`<code>${protocol.data_fingerprint}</code>`],
  ]);
}
