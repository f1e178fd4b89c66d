// What of the training engine needs Node, `foresell/node`: the native backend, the worker, files. Every name by hand.

export type { TrainingState } from './nn/checkpoint/checkpoint-file.ts';
export {
  bestCheckpoint,
  checkpointSteps,
  latestCheckpoint,
  readCheckpoint,
  saveCheckpoint,
} from './nn/checkpoint/checkpoint-folder.ts';
export { readSafeTensors, type SafeTensors, writeSafeTensors } from './nn/checkpoint/safetensors.ts';
export { loadArray, loadFloat32, type StoredTensor, storeArray } from './nn/checkpoint/stored-tensor.ts';
export { type MetricsRecord, readMetricsLog } from './nn/record/metrics-log.ts';
export type { ScalarEvent } from './nn/record/scalar-event.ts';
export { readEventFile } from './nn/record/tensorboard.ts';
export { type RunFiles, type RunFolderOptions, runFolder } from './nn/trainer/run-folder.ts';
export { type TrainInWorkerOptions, trainInWorker } from './nn/trainer/worker/train-in-worker.ts';
export type { TrainingData, TrainingDataModule } from './nn/trainer/worker/training-data.ts';
export { nodeBackend } from './tensor/session/session-node.ts';
