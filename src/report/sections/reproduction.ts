// All one needs to get the same numbers again, and where the data came from.
import type { ReportDocument, Reproduction } from '../document.ts';
import { html, type Markup } from '../html.ts';
import type { Speech } from '../speech.ts';
import { section, terms } from './section.ts';

export function reproductionPart(speech: Speech, document: ReportDocument): Markup {
  return html`<h2 class="hear">${speech.text('nav.reproduce')}</h2>${section<Reproduction>(
    speech,
    { title: speech.text('reproduce.title'), lede: speech.text('reproduce.lede') },
    document.reproduction,
    (run) =>
      terms([
        [speech.text('reproduce.command'), html`<code>${run.command}</code>`],
        [speech.text('reproduce.seed'), String(run.seed)],
        [speech.text('reproduce.threads'), String(run.threads)],
        [speech.text('protocol.fingerprint'), html`<code>${run.dataFingerprint}</code>`],
        [
          speech.text('reproduce.versions'),
          html`${run.versions.map(({ name, version }) => html`<span class="pair">${name} <b>${version}</b></span> `)}`,
        ],
        ...(run.seconds === undefined
          ? []
          : [[speech.text('reproduce.took'), speech.seconds(run.seconds)] as const]),
        ...(run.facts ?? []).map(({ label, value }) => [speech.say(label), value] as const),
        ...(document.attribution
          ? [[speech.text('reproduce.source'), speech.say(document.attribution)] as const]
          : []),
      ]),
  )}`;
}
