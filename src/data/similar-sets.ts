import { createRandom, type Random } from '../base/index.ts'

/** Sets are similar from this Jaccard similarity on. */
const similarityMin = 0.85
/** 16 bands of 5 hashes propose a pair of that similarity with probability 1 - (1 - 0.85^5)^16 = 0.9999. */
const bandCount = 16
const hashesPerBand = 5
/** In a bucket each set is compared with at most this many before it, so that texts of one template stay affordable. */
const comparisonsPerBucketMax = 64

/**
 * For each set of numbers (rising, each once) the smallest index of a set it is linked with by similar pairs; its own
 * where there is none. MinHash with locality-sensitive banding (Broder 1997; Leskovec, Rajaraman and Ullman, "Mining of
 * Massive Datasets", chapter 3) proposes pairs, and each is checked on the sets themselves, so none is linked by chance.
 */
export function linkSimilarSets(sets: readonly Uint32Array[]): Int32Array {
  const parents = Int32Array.from(sets.keys())
  const random = createRandom('min-hash')
  for (let band = 0; band < bandCount; band++) {
    const hashes = Array.from({ length: hashesPerBand }, () => createHash(random))
    const buckets = new Map<number, number[]>()
    sets.forEach((set, index) => {
      const key = hashes.reduce((hash, { factor, offset }) => combine(hash, minHash(set, factor, offset)), band)
      const bucket = buckets.get(key)
      if (!bucket) buckets.set(key, [index])
      else {
        for (const other of bucket.slice(-comparisonsPerBucketMax)) {
          if (findRoot(parents, index) !== findRoot(parents, other) && areSimilar(set, sets[other] as Uint32Array)) {
            link(parents, index, other)
          }
        }
        bucket.push(index)
      }
    })
  }
  return parents.map((_, index) => findRoot(parents, index))
}

function createHash(random: Random): { factor: number; offset: number } {
  return { factor: random.uint32() | 1, offset: random.uint32() }
}

function minHash(set: Uint32Array, factor: number, offset: number): number {
  let smallest = 0x7fffffff
  for (let i = 0; i < set.length; i++) {
    const hash = (Math.imul(set[i] as number, factor) + offset) | 0
    if (hash < smallest) smallest = hash
  }
  return smallest
}

function combine(hash: number, value: number): number {
  const mixed = Math.imul(hash ^ value, 0x9e3779b1)
  return mixed ^ (mixed >>> 15)
}

function areSimilar(a: Uint32Array, b: Uint32Array): boolean {
  const both = a.length + b.length
  const commonMin = (similarityMin * both) / (1 + similarityMin)
  let common = 0
  let i = 0
  let j = 0
  while (i < a.length && j < b.length && common + Math.min(a.length - i, b.length - j) >= commonMin) {
    const difference = (a[i] as number) - (b[j] as number)
    if (difference === 0) common++
    if (difference <= 0) i++
    if (difference >= 0) j++
  }
  return common >= similarityMin * (both - common)
}

function findRoot(parents: Int32Array, index: number): number {
  let root = index
  while (parents[root] !== root) {
    parents[root] = parents[parents[root] as number] as number
    root = parents[root] as number
  }
  return root
}

function link(parents: Int32Array, a: number, b: number): void {
  const left = findRoot(parents, a)
  const right = findRoot(parents, b)
  parents[Math.max(left, right)] = Math.min(left, right)
}
