import { expect, it } from 'vitest'
import { padTexts } from './pad-texts.ts'

it('fills texts up to the longest, with the padding token and a mask', () => {
  expect(padTexts([{ ids: [101, 7, 102] }, { ids: [101, 102] }], 5, ['input_ids', 'attention_mask'])).toEqual({
    input_ids: { dtype: 'int64', dims: [2, 3], data: BigInt64Array.of(101n, 7n, 102n, 101n, 102n, 5n) },
    attention_mask: { dtype: 'int64', dims: [2, 3], data: BigInt64Array.of(1n, 1n, 1n, 1n, 1n, 0n) },
  })
})

it('marks the tokens of a second text, and no padding', () => {
  const texts = [{ ids: [101, 7, 102] }, { ids: [101, 7, 102, 8, 102], pairStart: 3 }]
  expect(padTexts(texts, 0, ['token_type_ids']).token_type_ids?.data).toEqual(
    BigInt64Array.of(0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 1n, 1n),
  )
})
