import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../base/index.ts'
import { groupNearDuplicates, normalizeText } from './index.ts'

describe('grouping near duplicates', () => {
  it.each([
    ['the same text', ['How do I locate my card?', 'How do I locate my card?'], [0, 0]],
    ['case, punctuation and width', ['Top-up failed!', 'other', 'ｔｏｐ  up, failed'], [0, 1, 0]],
    [
      'a typo in a long text',
      ['I am still waiting for my new card to arrive', 'I am still waiting for my new card to arive'],
      [0, 0],
    ],
    [
      'a chain',
      ['activate my new debit card', 'activate my new debit cards', 'activate my new debit cards,'],
      [0, 0, 0],
    ],
    ['no paraphrase', ['Where is my card?', 'My card has not arrived yet.'], [0, 1]],
    ['no other emoji', ['👍', '👎', '👍!'], [0, 1, 0]],
    ['punctuation alone', ['???', '!!!', '???'], [0, 1, 0]],
    ['empty texts', ['', ' ', 'x'], [0, 0, 2]],
    ['other scripts', ['カードが届きません。', 'カードが届きません', 'Карта не пришла'], [0, 0, 2]],
  ])('joins %s as it should', (_, texts, groups) => {
    expect([...groupNearDuplicates(texts)]).toEqual(groups)
  })

  it('joins what comparing every pair of shingle sets would join', () => {
    const texts = makeTexts(300)
    const groups = groupNearDuplicates(texts)
    const expected = texts.map((_, i) => i)
    for (let i = 0; i < texts.length; i++) {
      for (let j = 0; j < i; j++) {
        if (jaccard(texts[i] as string, texts[j] as string) < 0.85) continue
        const [low, high] = [expected[i] as number, expected[j] as number].sort((a, b) => a - b)
        for (const [k, group] of expected.entries()) if (group === high) expected[k] = low as number
      }
    }
    expect(new Set(expected).size).toBeLessThan(250)
    expect([...groups]).toEqual(expected)
  })

  it('gives each group the index of its first text', () => {
    const words = fc.constantFrom('card', 'cards', 'my', 'lost', 'where', 'Where', '?')
    const texts = fc.array(
      fc.array(words, { maxLength: 6 }).map((chosen) => chosen.join(' ')),
      { maxLength: 30 },
    )
    fc.assert(
      fc.property(texts, (values) => {
        const groups = [...groupNearDuplicates(values)]
        for (const [i, group] of groups.entries()) {
          expect(group).toBe(groups.indexOf(group))
          const same = values.findIndex((value) => normalizeText(value) === normalizeText(values[i] as string))
          expect(group).toBe(groups[same])
        }
      }),
    )
  })

  it('joins thousands of texts that come from one template', () => {
    const template = 'Dear customer, your order # has been shipped today. You will receive it within five working days.'
    const texts = Array.from({ length: 3000 }, (_, i) => template.replace('#', String(1000 + i)))
    expect([...new Set(groupNearDuplicates(texts))]).toEqual([0])
  })
})

function makeTexts(count: number): string[] {
  const random = createRandom('texts')
  const words =
    'card payment transfer arrived declined pending why how when my the account top up cash fee charged'.split(' ')
  const texts: string[] = []
  while (texts.length < count) {
    const text = Array.from({ length: 4 + random.integer(12) }, () => words[random.integer(words.length)]).join(' ')
    const at = random.integer(text.length)
    texts.push(text, random.integer(2) ? text.slice(0, at) + text.slice(at + 1) : `${text} please`)
  }
  return texts
}

function jaccard(a: string, b: string): number {
  const shingles = (text: string) => {
    const padded = ` ${normalizeText(text)} `
    return new Set(Array.from({ length: padded.length - 3 }, (_, i) => padded.slice(i, i + 4)))
  }
  const [left, right] = [shingles(a), shingles(b)]
  const common = [...left].filter((shingle) => right.has(shingle)).length
  return common / (left.size + right.size - common)
}
