// foresell catalogue order: what searches led to teaches a catalogue how much likeness and purchases count.
import { AppError } from '../../core/errors.ts';
import { needFile } from '../../data/sequences/text-lines.ts';
import { readTable } from '../../data/table/read-table.ts';
import { CATALOGUE_FOLDER, catalogueFiles, loadCatalogue } from '../../registry/catalogue-bundle.ts';
import { saveVersion } from '../../registry/save.ts';
import { isSearchText, teachOrder } from '../../serve/catalogue/logged-searches.ts';
import { openCatalogue } from '../../serve/catalogue/open-catalogue.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import type { CommandFile } from '../command.ts';
import { encoderOf } from '../encoder-options.ts';
import { typedCommand } from '../options.ts';
import { intentOf } from './catalogue-search.ts';

export const catalogueOrderCommand: CommandFile = {
  usage: 'catalogue order <dir> <searches>',
  summary: 'learn from logged searches and purchases how to order what is found',
  examples: [
    'foresell catalogue order catalogue searches.csv --intent predictions.csv',
    'foresell catalogue order catalogue searches.ndjson --intent popularity --workspace my-shop --json',
  ],
  declare(command) {
    command
      .option(
        '--intent <scores>',
        'a file of scores (item_id, value), or popularity (from --workspace), as in "catalogue search"',
      )
      .option('--encoder <encoder>', 'the text encoder, a folder or owner/name, if it has moved');
  },
  async run(context, [dir, file], options) {
    needFile(file);
    if (options.intent === undefined)
      throw new AppError(
        'USAGE',
        'expected --intent FILE or popularity: how likely each item is bought once it is shown',
      );
    const encoder = await encoderOf(context, options);
    const purchase = await intentOf(context, options);
    const bundle = loadCatalogue(dir);
    const open = openCatalogue(bundle, {
      backend: nodeBackend,
      threads: context.threads,
      ...(encoder !== undefined && { encoder }),
    });
    try {
      const { frame } = await readTable(file, {
        texts: isSearchText,
        ...{ threads: context.threads, signal: context.signal },
      });
      const startedMs = Date.now();
      const taught = await teachOrder(open, frame, purchase);
      const saved = saveVersion(dir, {
        task: CATALOGUE_FOLDER,
        files: catalogueFiles({ ...bundle, order: taught.weights }),
        dataFingerprint: bundle.version.dataFingerprint,
        settings: bundle.version.settings,
        seed: context.seed,
        metrics: taught.held ? { ...taught.held } : {},
        run: { createdMs: Date.now(), seconds: (Date.now() - startedMs) / 1000, command: typedCommand() },
      });
      const { weights, searches, purchases, held } = taught;
      context.document({
        weights,
        searches,
        purchases,
        held_out: held
          ? {
              searches: held.searches,
              mrr: held.taught,
              mrr_untaught: held.untaught,
              mrr_likeness_alone: held.likenessAlone,
            }
          : null,
        version: saved.version,
      });
      const zh = context.language === 'zh';
      const shown = `${weights.likeness.toFixed(2)} · ln(fit) + ${weights.purchase.toFixed(2)} · ln(p / (1 − p))`;
      context.say(
        zh
          ? `从 ${searches} 次搜索、${purchases} 次购买中学到：得分 = ${shown}`
          : `learned from ${searches} searches with ${purchases} purchases: score = ${shown}`,
      );
      if (held)
        context.say(
          zh
            ? `在未参与学习的 ${held.searches} 次搜索上，所购商品的平均倒数名次：${held.taught.toFixed(3)}（默认权重 ${held.untaught.toFixed(3)}，仅按匹配度 ${held.likenessAlone.toFixed(3)}）`
            : `mean reciprocal rank of what was bought, in ${held.searches} searches not learned from: ${held.taught.toFixed(3)} (untaught ${held.untaught.toFixed(3)}, likeness alone ${held.likenessAlone.toFixed(3)})`,
        );
    } finally {
      await open.close();
    }
  },
};
