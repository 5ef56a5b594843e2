/**
 * Pseudo-random numbers that are the same on every machine. They use integer arithmetic and otherwise only + - * /,
 * whose bits IEEE 754 defines. Math.log and Math.cos, the usual way to the normal distribution, may differ in the last
 * bit.
 *
 * The algorithm is xoshiro128** 1.1 by David Blackman and Sebastiano Vigna, placed in the public domain:
 * https://prng.di.unimi.it/xoshiro128starstar.c. Its period is 2^128 - 1. A 32-bit state such as mulberry32's would
 * begin to repeat within 300 million trips, as a trip takes some twenty numbers.
 */
export class Random {
  // A typed array keeps 32-bit integers unboxed. Plain fields would allocate one on most writes.
  readonly #s: Uint32Array;

  /** Creates a generator with a given state: four 32-bit integers, not all zero. */
  constructor(state: readonly [number, number, number, number]) {
    this.#s = Uint32Array.from(state);
  }

  /** Creates a generator from one seed, a non-negative safe integer. */
  static seeded(seed: number): Random {
    if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`seed must be a non-negative integer: ${seed}`);
    // Mixed twice, since otherwise neighbouring seeds would share three of their four integers.
    const start = mix(seed ^ mix(Math.floor(seed / 2 ** 32) + 0x9e3779b9));
    // `mix` is one to one and the four arguments differ, so at most one of the integers is zero.
    return new Random([mix(start), mix(start + 1), mix(start + 2), mix(start + 3)]);
  }

  /** An integer in [0, 2^32). */
  next(): number {
    const s = this.#s as Uint32Array & [number, number, number, number];
    const five = Math.imul(s[1], 5);
    const result = Math.imul((five << 7) | (five >>> 25), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = (s[3] << 11) | (s[3] >>> 21);
    return result;
  }

  /** A number in [0, 1). */
  unit(): number {
    return this.next() / 2 ** 32;
  }

  /** An integer in [0, n); n is at most 2^32. */
  below(n: number): number {
    return Math.floor(this.unit() * n);
  }

  /**
   * A number that is nearly normal with mean 0 and standard deviation 1: the sum of four uniform numbers, so never
   * beyond 3.47 either way. This suffices for the scatter of trips about a place, and no trip strays to another
   * country.
   */
  normal(): number {
    const a = this.next();
    const b = this.next();
    const sum = (a & 0xffff) + (a >>> 16) + (b & 0xffff) + (b >>> 16);
    return (sum - 2 * 0xffff) / 37_837.23; // the root of 4 (2^32 - 1) / 12
  }
}

/** The finaliser of MurmurHash3 (Austin Appleby, public domain): every bit of the result depends on every bit of x. */
function mix(x: number): number {
  let h = x >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * Returns a function that draws an item in proportion to its weight, in constant time for any number of items: Walker's
 * alias method in Vose's form. Weights are finite, not negative, and not all zero.
 */
export function weighted<T>(items: readonly T[], weightOf: (item: T, index: number) => number): (random: Random) => T {
  const n = items.length;
  const weights = items.map(weightOf);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (!(total > 0) || !Number.isFinite(total) || weights.some((weight) => weight < 0)) {
    throw new RangeError(`weights must be finite, not negative and not all zero: ${weights}`);
  }
  const share = Float64Array.from(weights, (weight) => (weight / total) * n);
  const alias = Int32Array.from(weights, (_, i) => i);
  const small: number[] = [];
  const large: number[] = [];
  for (const [i, s] of share.entries()) (s < 1 ? small : large).push(i);
  while (small.length > 0 && large.length > 0) {
    const less = small.pop() as number;
    const more = large.at(-1) as number;
    alias[less] = more;
    share[more] = (share[more] as number) - (1 - (share[less] as number));
    if ((share[more] as number) < 1) small.push(large.pop() as number);
  }
  // Rounding may leave a share just below 1 without a partner; it counts as 1. A true zero always finds a partner.
  for (const i of [...small, ...large]) share[i] = 1;

  return (random) => {
    const x = random.unit() * n;
    const i = Math.floor(x);
    return items[x - i < (share[i] as number) ? i : (alias[i] as number)] as T;
  };
}
