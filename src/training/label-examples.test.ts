import { describe, expect, it } from 'vitest'
import type { Example } from '../data/index.ts'
import { addLabelExamples, areNamedInWords } from './label-examples.ts'

const example = (label: string): Example => ({ line: 2, text: 'where is it', answer: { kind: 'class', label } })
const namesOf = (...labels: string[]) =>
  addLabelExamples(labels.map(example), 1)
    .slice(labels.length)
    .map(({ text }) => text)

describe('addLabelExamples', () => {
  it('adds the name of each label in words, as often as asked', () => {
    expect(namesOf('Refund_not_showing_up', 'cardArrival', 'top-up/failed?')).toEqual([
      'refund not showing up',
      'card arrival',
      'top up failed',
    ])
    expect(addLabelExamples([example('a label'), example('a label')], 3)).toHaveLength(5)
    expect(addLabelExamples([example('a label')], 0)).toHaveLength(1)
  })

  it('keeps letters of every script', () => {
    expect(namesOf('Überweisung_fehlgeschlagen', '退款 未到账')).toEqual(
      ['überweisung fehlgeschlagen', '退款 未到账'].sort(),
    )
  })
})

describe('areNamedInWords', () => {
  it('tells names from codes, numbers and names that are the same in words', () => {
    expect(areNamedInWords(['card_arrival', 'lost card'])).toBe(true)
    expect(areNamedInWords(['card_arrival', 'Q7'])).toBe(false)
    expect(areNamedInWords(['1', '2'])).toBe(false)
    expect(areNamedInWords(['label 1', 'label 2'])).toBe(false)
    expect(areNamedInWords(['lost-card', 'lost_card'])).toBe(false)
  })
})
