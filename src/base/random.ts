/**
 * Seeded random numbers, all of Capstan's randomness. xoshiro128** (Blackman and Vigna, https://prng.di.unimi.it),
 * its state filled by splitmix32. A stream is a pure function of its key, so adding a consumer never moves another.
 */
export type Random = {
  /** Uniform in [0, 2^32). */
  uint32(): number
  /** Uniform in [0, 1). */
  float(): number
  /** Uniform integer in [0, bound). */
  integer(bound: number): number
}

/** A stream named by numbers and words, for example `createRandom(seed, 'shuffle', epoch)`. */
export function createRandom(...key: (number | string)[]): Random {
  let state = hashKey(key)
  const next = () => {
    state = (state + 0x9e3779b9) | 0
    let z = state
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return (z ^ (z >>> 15)) >>> 0
  }
  let a = next()
  let b = next()
  let c = next()
  let d = next()
  const uint32 = () => {
    const scrambled = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = rotateLeft(d, 11)
    return scrambled
  }
  const float = () => uint32() / 4294967296
  return { uint32, float, integer: (bound) => Math.floor(float() * bound) }
}

/** A new array with the same items in random order (Fisher-Yates). */
export function shuffle<T>(items: readonly T[], random: Random): T[] {
  const result = [...items]
  for (let i = result.length - 1; i > 0; i--) {
    const j = random.integer(i + 1)
    const item = result[i] as T
    result[i] = result[j] as T
    result[j] = item
  }
  return result
}

/** A standard normal number (Box and Muller 1958). */
export function drawNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.float())) * Math.cos(2 * Math.PI * random.float())
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}

/** FNV-1a over the words of the key. */
function hashKey(key: (number | string)[]): number {
  let hash = 0x811c9dc5
  for (const character of key.map((word) => `${typeof word}:${word};`).join('')) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
  }
  return hash | 0
}
