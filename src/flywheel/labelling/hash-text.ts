/**
 * Character trigrams of a text, hashed into `width` signed counts (feature hashing, Weinberger et al. 2009): a vector whose
 * cosine tells like texts from others, in any language and without a model.
 */
export function hashText(text: string, width = 256): Float64Array {
  const row = new Float64Array(width)
  const padded = ` ${text.toLowerCase().replaceAll(/\s+/g, ' ').trim()} `
  for (let i = 0; i + 3 <= padded.length; i++) {
    let hash = 0x811c9dc5
    for (let j = i; j < i + 3; j++) hash = Math.imul(hash ^ padded.charCodeAt(j), 0x01000193)
    hash ^= hash >>> 15
    row[(hash >>> 1) % width] = (row[(hash >>> 1) % width] as number) + (hash & 1 ? 1 : -1)
  }
  return row
}

/** Rows of several texts. */
export function hashTexts(texts: readonly string[], width = 256): { values: Float64Array; width: number } {
  const values = new Float64Array(texts.length * width)
  texts.forEach((text, i) => {
    values.set(hashText(text, width), i * width)
  })
  return { values, width }
}
