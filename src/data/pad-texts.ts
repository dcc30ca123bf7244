/** An int64 tensor's parts, [texts, longest text], row-major. */
export type TokenMatrix = { dtype: 'int64'; dims: number[]; data: BigInt64Array }

/**
 * The inputs of an encoder for a batch of tokenized texts, each filled up to the longest: `input_ids` with the padding
 * token, `attention_mask` with 0 there, and `token_type_ids` all 0; those of them that `names` asks for.
 */
export function padTexts(
  texts: readonly ArrayLike<number>[],
  padId: number,
  names: readonly string[],
): Record<string, TokenMatrix> {
  const width = Math.max(1, ...texts.map(({ length }) => length))
  const ids = new BigInt64Array(texts.length * width).fill(BigInt(padId))
  const mask = new BigInt64Array(ids.length)
  texts.forEach((text, row) => {
    for (let column = 0; column < text.length; column++) ids[row * width + column] = BigInt(text[column] as number)
    mask.fill(1n, row * width, row * width + text.length)
  })
  const data: Record<string, BigInt64Array> = {
    input_ids: ids,
    attention_mask: mask,
    token_type_ids: new BigInt64Array(ids.length),
  }
  const dims = [texts.length, width]
  return Object.fromEntries(names.map((name) => [name, { dtype: 'int64', dims, data: data[name] as BigInt64Array }]))
}
