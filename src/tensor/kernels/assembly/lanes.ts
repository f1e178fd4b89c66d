// Four numbers at a time, or the one left over: the same arithmetic serves a whole array and its odd end.

/** Whether a load or store moves four numbers or one; always a constant, so the compiler keeps one branch. */
@inline
export function take(at: usize, four: bool): v128 {
  return four ? v128.load(at) : v128.load32_zero(at);
}

@inline
export function put(at: usize, lanes: v128, four: bool): void {
  if (four) v128.store(at, lanes);
  else v128.store32_lane(at, lanes, 0);
}

/** Address behind the last whole group of four. */
@inline
export function wholeEnd(start: usize, count: usize): usize {
  return start + ((count & ~3) << 2);
}
