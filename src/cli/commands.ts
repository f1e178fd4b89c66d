// Every command, in the order in which help lists them.
import type { CommandFile } from './command.ts';
import { auditListCommand, auditVerifyCommand } from './commands/audit.ts';
import { backupCommand } from './commands/backup.ts';
import { catalogueCategoriesCommand } from './commands/catalogue-categories.ts';
import { catalogueDuplicatesCommand } from './commands/catalogue-duplicates.ts';
import { catalogueIndexCommand } from './commands/catalogue-index.ts';
import { catalogueOrderCommand } from './commands/catalogue-order.ts';
import { catalogueSearchCommand } from './commands/catalogue-search.ts';
import { checkCommand } from './commands/check.ts';
import { demoCommand } from './commands/demo.ts';
import { encodersListCommand } from './commands/encoders-list.ts';
import { encodersPullCommand } from './commands/encoders-pull.ts';
import { encodersShowCommand } from './commands/encoders-show.ts';
import { encodersVerifyCommand } from './commands/encoders-verify.ts';
import { eraseCommand } from './commands/erase.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { explainCommand } from './commands/explain.ts';
import { importCommand } from './commands/import.ts';
import { keysCreateCommand, keysListCommand, keysRevokeCommand, keysRotateCommand } from './commands/keys.ts';
import { modelsCommand } from './commands/models.ts';
import { monitorCommand } from './commands/monitor.ts';
import { predictCommand } from './commands/predict.ts';
import { pretrainCommand } from './commands/pretrain.ts';
import { restoreCommand } from './commands/restore.ts';
import { retrainCommand } from './commands/retrain.ts';
import { sequenceCompressCommand } from './commands/sequence-compress.ts';
import { sequenceEvaluateCommand } from './commands/sequence-evaluate.ts';
import { sequenceExplainCommand } from './commands/sequence-explain.ts';
import { sequenceFitCommand } from './commands/sequence-fit.ts';
import { sequencePredictCommand } from './commands/sequence-predict.ts';
import { serveCommand } from './commands/serve.ts';
import { tableExplainCommand } from './commands/table-explain.ts';
import { tableExportCommand } from './commands/table-export.ts';
import { tableFitCommand } from './commands/table-fit.ts';
import { tablePredictCommand } from './commands/table-predict.ts';
import { textFitCommand } from './commands/text-fit.ts';
import { textPredictCommand } from './commands/text-predict.ts';
import { textPretrainCommand } from './commands/text-pretrain.ts';
import { trainCommand } from './commands/train.ts';
import { trunkExportCommand } from './commands/trunk-export.ts';
import { trunkImportCommand } from './commands/trunk-import.ts';

export const COMMANDS: readonly CommandFile[] = [
  demoCommand,
  importCommand,
  checkCommand,
  trainCommand,
  retrainCommand,
  pretrainCommand,
  trunkExportCommand,
  trunkImportCommand,
  evaluateCommand,
  predictCommand,
  explainCommand,
  modelsCommand,
  serveCommand,
  keysCreateCommand,
  keysListCommand,
  keysRotateCommand,
  keysRevokeCommand,
  monitorCommand,
  auditVerifyCommand,
  auditListCommand,
  backupCommand,
  restoreCommand,
  eraseCommand,
  tableFitCommand,
  tablePredictCommand,
  tableExplainCommand,
  tableExportCommand,
  textFitCommand,
  textPredictCommand,
  textPretrainCommand,
  sequenceFitCommand,
  sequenceEvaluateCommand,
  sequencePredictCommand,
  sequenceExplainCommand,
  sequenceCompressCommand,
  catalogueIndexCommand,
  catalogueSearchCommand,
  catalogueOrderCommand,
  catalogueDuplicatesCommand,
  catalogueCategoriesCommand,
  encodersPullCommand,
  encodersListCommand,
  encodersShowCommand,
  encodersVerifyCommand,
];
