// foresell table export: the trees `table fit` saved, as a file that any ONNX runtime scores.
import { loadTable } from '../../registry/table-bundle.ts';
import type { CommandFile } from '../command.ts';
import { exportOnnx } from '../onnx-file.ts';

export const tableExportCommand: CommandFile = {
  usage: 'table export <dir>',
  summary: 'write the trees of a saved table model as an ONNX file',
  examples: ['foresell table export foresell-table --onnx model.onnx'],
  declare(command) {
    command.option('--onnx <file>', 'file to write, ending in .onnx');
  },
  async run(context, [dir], options) {
    const { table, version } = loadTable(dir);
    const { model, corrections } = table;
    exportOnnx(context, { model, modelVersion: version.version, corrections, out: options.onnx });
  },
};
