import { linkSimilarSets } from './similar-sets.ts'

const shingleCharacters = 4

/** NFKC, lower case, each run of punctuation and white space as one space. Symbols (emoji, currencies) stay. */
export function normalizeText(text: string): string {
  const folded = text.normalize('NFKC').toLowerCase()
  return folded.replace(/[\p{P}\s]+/gu, ' ').trim() || folded.trim()
}

/**
 * A group number for each text. Texts that are equal after `normalizeText` share one, and so do near duplicates, also
 * through others between them: texts whose sets of character 4-grams have a Jaccard similarity of 0.85 or more, which is a
 * typo, an added "please" or a changed article, not a paraphrase. A group's number is the index of its first text.
 */
export function groupNearDuplicates(texts: readonly string[]): Int32Array {
  const uniqueOf = new Map<string, number>()
  const firstIndexes: number[] = []
  const uniques = texts.map((text, index) => {
    const normalized = normalizeText(text)
    const known = uniqueOf.get(normalized)
    if (known !== undefined) return known
    uniqueOf.set(normalized, firstIndexes.length)
    return firstIndexes.push(index) - 1
  })
  const linked = linkSimilarSets([...uniqueOf.keys()].map(hashShingles))
  return Int32Array.from(uniques, (unique) => firstIndexes[linked[unique] as number] as number)
}

/** The hashes of all runs of `shingleCharacters`, rising, each once; a shorter text is one shingle. */
function hashShingles(normalized: string): Uint32Array {
  const padded = ` ${normalized} `
  const length = Math.min(shingleCharacters, padded.length)
  const hashes = new Set<number>()
  for (let start = 0; start + length <= padded.length; start++) {
    let hash = 0x811c9dc5
    for (let i = start; i < start + length; i++) hash = Math.imul(hash ^ padded.charCodeAt(i), 0x01000193)
    hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad)
    hashes.add((hash ^ (hash >>> 15)) >>> 0)
  }
  return Uint32Array.from(hashes).sort()
}
