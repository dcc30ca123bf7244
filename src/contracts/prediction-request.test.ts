import { describe, expect, it } from 'vitest'
import { createPredictionRequestSchema } from './prediction-request.ts'

const schema = createPredictionRequestSchema({ inputsMax: 3, charactersMax: 5 })

describe('the prediction request', () => {
  it.each([
    ['one input', { input: 'hello' }],
    ['several inputs', { inputs: ['a', 'b', 'c'] }],
    ['characters above the basic plane, each counted once', { input: '😀😀😀😀😀' }],
    ['a number of scores', { input: 'a', scoresMax: 1 }],
  ])('may have %s', (_, body) => {
    expect(schema.safeParse(body).success).toBe(true)
  })

  it('asks for five scores where it names no number', () => {
    expect(schema.parse({ input: 'a' }).scoresMax).toBe(5)
  })

  it.each([
    ['neither input nor inputs', {}, []],
    ['both', { input: 'a', inputs: ['a'] }, []],
    ['no inputs', { inputs: [] }, ['inputs']],
    ['too many inputs', { inputs: ['a', 'b', 'c', 'd'] }, ['inputs']],
    ['an empty input', { input: '' }, ['input']],
    ['an input of white space', { inputs: ['a', ' \n\t'] }, ['inputs', 1]],
    ['a long input', { input: 'abcdef' }, ['input']],
    ['a long input above the basic plane', { input: '😀😀😀😀😀😀' }, ['input']],
    ['an input that is no text', { inputs: ['a', 7] }, ['inputs', 1]],
    ['a misspelt field', { input: 'a', scoreMax: 3 }, []],
    ['no score at all', { input: 'a', scoresMax: 0 }, ['scoresMax']],
  ])('may not have %s', (_, body, path) => {
    const { error } = schema.safeParse(body)
    expect(error?.issues.map((issue) => issue.path)).toEqual([path])
  })
})
