// Named arrays of a published model, whatever kind of file they lie in.

/** Weights of a file or of several. */
export interface Weights {
  readonly names: readonly string[];
  readonly shapeOf: (name: string) => readonly number[] | undefined;
  /**
   * The numbers of a weight, in float32 whatever the file's width; a copy where the file's bytes cannot be read in place.
   *
   * @throws AppError NOT_FOUND for a weight the file lacks; BAD_FILE for one that is not float32, float16 or bfloat16
   */
  readonly read: (name: string) => Float32Array;
}
