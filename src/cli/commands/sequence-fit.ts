// foresell sequence fit: sequences of items, the best model for what comes next, tested against the whole catalogue.
import { continueSequence } from '../../train/sequence/continue-sequence.ts';
import { runSequence } from '../../train/sequence/run-sequence.ts';
import { SEQUENCE_FORMATS } from '../../train/sequence/sequence-source.ts';
import type { CommandFile } from '../command.ts';
import {
  continuedDocument,
  continueSequenceOptions,
  sayContinued,
  withReplay,
} from '../sequence-continue.ts';
import { sequenceDocument } from '../sequence-document.ts';
import { sequenceFitOptions, withReaderOptions } from '../sequence-options.ts';
import { saySequence } from '../sequence-text.ts';

const OUT = './foresell-next-item';

export const sequenceFitCommand: CommandFile = {
  usage: 'sequence fit <train>',
  summary: 'learn what comes next in sequences of items, and test it against the whole catalogue',
  examples: [
    'foresell sequence fit baskets.txt --format user-lines --out next-item',
    'foresell sequence fit events.csv.gz --format csv --user user_id --item item_id --time timestamp --out next-item',
    'foresell sequence fit sessions.txt --format lines --test prefixes.tsv --exclude-seen no --at 10,20 --out next-item',
    'foresell sequence fit ./foresell-workspace --by session --events view,purchase --out next-item',
    'foresell sequence fit pairs.txt --format pairs --model popularity,sequential-rules --time-limit 5m --json',
    'foresell sequence fit events.csv.gz --user user_id --item item_id --time timestamp --continue next-item --replay 0.25',
    'foresell sequence fit baskets.txt --format user-lines --items items.csv --encoder sentence-transformers/all-MiniLM-L6-v2 --model transformer --out next-item',
    'foresell sequence fit baskets.txt --format user-lines --items items.csv --images photos.zip --image-encoder ./encoders/mobilenet-v2 --model transformer --out next-item',
  ],
  declare(command) {
    command
      .option(
        '--format <format>',
        `${SEQUENCE_FORMATS.join(', ')} (default: by the name, workspace, csv or lines)`,
      )
      .option('--user <column>', 'csv: the column that names the user, or the session')
      .option('--item <column>', 'csv: the column that names the item')
      .option('--time <column>', 'csv: the column of the moment; without it rows are in time order')
      .option('--type <column>', 'csv: the column that says what was done, such as view or purchase')
      .option('--by <entity>', 'workspace: whose events belong together, user (the default) or session')
      .option(
        '--events <types>',
        'workspace: which events, such as view,purchase (default: all with an item)',
      )
      .option('--items <file>', 'a table of the items: their id, category, brand, price, …')
      .option('--test <file>', 'test cases: the items before, a tab, the item that came then')
      .option('--test-from <moment>', 'test on every event from this moment on')
      .option('--leave-one-out', 'test on the last item of every sequence (the default)')
      .option('--exclude-seen <way>', 'whether what a user has had is no candidate: yes, no or both', 'both')
      .option('--model <names>', 'auto, or models separated by commas', 'auto')
      .option('--at <places>', 'places down to which rankings are read', '10,20')
      .option('--time-limit <span>', 'for the whole command, such as 5m: models stop early or stay out')
      .option(
        '--continue <dir>',
        'go on from the network saved there: learn what came since, with some of the old among it',
      )
      .option('--since <moment>', 'with --continue: what is later is new (default: as noted with the model)')
      .option('--steps <n>', 'with --continue: steps at most')
      .option('--out <dir>', `folder to save to (default: ${OUT}, with --continue its own)`);
    withReaderOptions(withReplay(command));
  },
  async run(context, [train], options) {
    const asked = await sequenceFitOptions(context, train, { ...options, out: options.out ?? OUT });
    const further = continueSequenceOptions(asked, options);
    if (further) {
      const run = await continueSequence(further);
      saySequence(context, run);
      sayContinued(context, run);
      context.document({ ...sequenceDocument(run), ...continuedDocument(run) });
      return;
    }
    const run = await runSequence(asked);
    saySequence(context, run);
    context.document(sequenceDocument(run));
  },
};
