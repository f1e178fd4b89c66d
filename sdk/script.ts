// The tracker for a <script> tag: it reads its options from the tag and is there as `foresell`.
import { createBrowserTracker } from './browser.ts';
import type { Tracker } from './tracker.ts';

/** What is used of the tag. */
interface ScriptTag {
  readonly src: string;
  readonly dataset: Readonly<Record<string, string | undefined>>;
}

const page = globalThis as unknown as {
  readonly document: { readonly currentScript: ScriptTag | null };
  foresell: Tracker | { readonly create: typeof createBrowserTracker };
};
const tag = page.document.currentScript;
const { url, key, consent } = tag?.dataset ?? {};

// Without a key in the tag the page makes its tracker itself: foresell.create({ url, key }).
page.foresell =
  tag && key
    ? createBrowserTracker({
        key,
        url: url ?? new URL(tag.src).origin,
        consent: consent === 'ask' ? 'ask' : 'given',
      })
    : { create: createBrowserTracker };
