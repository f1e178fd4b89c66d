// What of the training engine needs Node, `foresell/node`: the native backend, the worker, files. Every name by hand.

export {
  bestCheckpoint,
  checkpointSteps,
  latestCheckpoint,
  readCheckpoint,
  saveCheckpoint,
} from './nn/checkpoint.ts';
export { readMetricsLog } from './nn/record/metrics-log.ts';
export { readEventFile } from './nn/record/tensorboard.ts';
export { readSafeTensors, writeSafeTensors } from './nn/safetensors.ts';
export { type RunFolderOptions, runFolder } from './nn/trainer/run-folder.ts';
export { type TrainInWorkerOptions, trainInWorker } from './nn/trainer/train-in-worker.ts';
export type { TrainingData, TrainingDataModule } from './nn/trainer/training-data.ts';
export { nodeBackend } from './tensor/session-node.ts';
