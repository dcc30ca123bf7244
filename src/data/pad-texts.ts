/** An int64 tensor's parts, [texts, longest text], row-major. */
export type TokenMatrix = { dtype: 'int64'; dims: number[]; data: BigInt64Array }

/** A text's tokens, with what `Encoding` says of a second text. */
export type PaddedText = { ids: ArrayLike<number>; pairStart?: number }

/**
 * The inputs of an encoder for a batch of tokenized texts, each filled up to the longest: `input_ids` with the padding
 * token, `attention_mask` with 0 there, and `token_type_ids` with 1 from a second
 * text's first token on; those of them that `names` asks for.
 */
export function padTexts(
  texts: readonly PaddedText[],
  padId: number,
  names: readonly string[],
): Record<string, TokenMatrix> {
  const width = Math.max(1, ...texts.map(({ ids }) => ids.length))
  const ids = new BigInt64Array(texts.length * width).fill(BigInt(padId))
  const mask = new BigInt64Array(ids.length)
  const types = new BigInt64Array(ids.length)
  texts.forEach((text, row) => {
    const [start, end] = [row * width, row * width + text.ids.length]
    for (let index = start; index < end; index++) ids[index] = BigInt(text.ids[index - start] as number)
    mask.fill(1n, start, end)
    types.fill(1n, start + (text.pairStart ?? text.ids.length), end)
  })
  const data: Record<string, BigInt64Array> = {
    input_ids: ids,
    attention_mask: mask,
    token_type_ids: types,
  }
  const dims = [texts.length, width]
  return Object.fromEntries(names.map((name) => [name, { dtype: 'int64', dims, data: data[name] as BigInt64Array }]))
}
