import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../base/index.ts'
import { chooseToLabel } from './choose-to-label.ts'
import { findLabelErrors } from './find-label-errors.ts'
import { krippendorffAlpha } from './krippendorff-alpha.ts'

/** One string for each annotator, one character for each unit, '.' where nothing was said; turned into units. */
function readTable(annotators: readonly string[], convert: (value: string) => string | number = Number) {
  return Array.from({ length: annotators[0]?.length ?? 0 }, (_, unit) =>
    annotators.map((row) => (row[unit] === '.' ? null : convert(row[unit] as string))),
  )
}

describe('krippendorffAlpha', () => {
  // Krippendorff (2011), section C: four observers, twelve units, missing values.
  const table = readTable(['123321412...', '1233224125.3', '.3332342251.', '12332441251.'])

  it.each([
    ['nominal', 0.743],
    ['ordinal', 0.815],
    ['interval', 0.849],
  ] as const)('has the published %s value with missing data', (level, alpha) => {
    expect(krippendorffAlpha(table, level)).toMatchObject({ units: 11, values: 40 })
    expect(krippendorffAlpha(table, level).alpha).toBeClose(alpha, { absolute: 5e-4 })
  })

  it('has the published values for two observers without missing data', () => {
    // Sections A and B of the same paper.
    expect(krippendorffAlpha(readTable(['0100000010', '1110010000']), 'nominal').alpha).toBeClose(0.095, {
      absolute: 5e-4,
    })
    const words = readTable(['aabbdcccedda', 'babbbcccedddd'], (letter) => letter)
    expect(krippendorffAlpha(words, 'nominal').alpha).toBeClose(0.692, { absolute: 5e-4 })
  })

  it('is 1 where all agree, null where nothing can be compared, and does not know annotators by name', () => {
    expect(
      krippendorffAlpha(
        [
          ['a', 'a'],
          ['b', 'b', null],
        ],
        'nominal',
      ).alpha,
    ).toBe(1)
    expect(
      krippendorffAlpha(
        [
          ['a', null],
          [null, 'b'],
        ],
        'nominal',
      ),
    ).toEqual({ alpha: null, units: 0, values: 0 })
    expect(krippendorffAlpha([['a', 'a']], 'nominal').alpha).toBeNull()
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 2, maxLength: 4 }), { minLength: 2 }),
        (units) => {
          for (const level of ['nominal', 'ordinal', 'interval'] as const) {
            const { alpha } = krippendorffAlpha(units, level)
            const turned = krippendorffAlpha(units.map((unit) => [...unit].reverse()).reverse(), level).alpha
            if (alpha === null) expect(turned).toBeNull()
            else {
              expect(turned).toBeClose(alpha, { absolute: 1e-9 })
              expect(alpha).toBeLessThanOrEqual(1)
            }
          }
        },
      ),
    )
  })
})

describe('findLabelErrors', () => {
  it('finds most of the labels that were made wrong, and estimates how many there are', () => {
    const random = createRandom('noise')
    const size = 1500
    const width = 4
    const truth = Array.from({ length: size }, () => random.integer(width))
    const wrong = truth.map(() => random.float() < 0.1)
    const labels = truth.map((label, i) => (wrong[i] ? (label + 1 + random.integer(width - 1)) % width : label))
    // A model that is right in 95 %, surer where it is right.
    const probabilities = truth.flatMap((label) => {
      const answer = random.float() < 0.95 ? label : random.integer(width)
      const top = answer === label ? 0.7 + 0.3 * random.float() : 0.4 + 0.3 * random.float()
      return Array.from({ length: width }, (_, j) => (j === answer ? top : (1 - top) / (width - 1)))
    })
    const { errors, noise, joint } = findLabelErrors(probabilities, width, labels)
    const hits = errors.filter(({ index }) => wrong[index])
    expect(hits.length / wrong.filter(Boolean).length).toBeGreaterThan(0.8)
    expect(hits.length / errors.length).toBeGreaterThan(0.8)
    const best = errors.slice(0, 50)
    expect(best.filter(({ index, suggested }) => suggested === truth[index]).length).toBeGreaterThan(45)
    expect(noise).toBeClose(0.1, { absolute: 0.03 })
    expect(joint.flat().reduce((sum, share) => sum + share, 0)).toBeClose(1, { absolute: 1e-9 })
  })

  it('follows the definition on a small case', () => {
    // Thresholds: class 0 (0.9 + 0.2) / 2, class 1 (0.8 + 0.6) / 2. Row 1 is labelled 0 and confidently 1.
    const { thresholds, errors, joint } = findLabelErrors([0.9, 0.1, 0.2, 0.8, 0.2, 0.8, 0.4, 0.6], 2, [0, 0, 1, 1])
    expect(thresholds).toBeClose([0.55, 0.7], { absolute: 1e-12 })
    expect(errors).toMatchObject([{ index: 1, given: 0, suggested: 1 }])
    expect(joint).toEqual([
      [0.25, 0.25],
      [0, 0.5],
    ])
  })

  it('suggests no class that has no examples', () => {
    expect(findLabelErrors([0.1, 0.9, 0.2, 0.8], 2, [0, 0])).toMatchObject({ errors: [], noise: 0 })
  })
})

describe('chooseToLabel', () => {
  const requests = {
    texts: [
      'where is my card',
      'Where is my card?',
      'my card has not come yet',
      'close the account',
      'zzz qqq',
      'how do I pay abroad',
    ],
    embeddings: { values: [1, 0.1, 1, 0.1, 1, 0.2, 0.6, 0.8, -1, 0, 0.3, 1], width: 2 },
    confidences: [0.6, 0.4, 0.5, 0.6, 0.01, 0.9],
  }

  it('takes uncertain requests of dense places first, one of near duplicates, and then what is unlike them', () => {
    const chosen = chooseToLabel(requests, { count: 3 })
    expect(chosen.map(({ index }) => index)).toEqual([1, 3, 5])
    expect(chosen[0]).toMatchObject({ uncertainty: 0.6, novelty: 1 })
    expect(chosen[2]?.novelty).toBeLessThan(0.2)
  })

  it('does not ask again for what is labelled', () => {
    const labelled = { values: [2, 0.2], width: 2 }
    expect(chooseToLabel(requests, { count: 1, labelled }).map(({ index }) => index)).toEqual([3])
  })

  it('gives what there is when more is asked for', () => {
    expect(chooseToLabel(requests, { count: 99 })).toHaveLength(5)
    expect(chooseToLabel({ texts: [], embeddings: { values: [], width: 2 }, confidences: [] }, { count: 3 })).toEqual(
      [],
    )
  })
})
