/** The same choices for the same seed, so that a run can be repeated. */
export interface Random {
  /** From 0 to below `end`. */
  int(end: number): number;
  pick<T>(from: readonly T[]): T;
  chance(share: number): boolean;
}

/** Mulberry32. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const int = (end: number) => Math.floor(next() * end);
  return {
    int,
    pick: <T>(from: readonly T[]) => from[int(from.length)] as T,
    chance: (share) => next() < share,
  };
}
