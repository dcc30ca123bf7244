import { present } from '../../base/index.ts'
import { answerOf, type Example } from '../../data/index.ts'
import { headBiasName } from '../../encoders/index.ts'
import { evaluateGrades } from '../metrics/evaluate-grades.ts'
import { mean } from '../metrics/intervals.ts'
import { binaryCrossEntropy, binaryCrossEntropyOf } from './losses.ts'
import { type CreateTask, encodeExamples, linesOf, pairsOf, placeOf } from './task.ts'

const numberOf = (example: Example) => answerOf(example, 'value').value

/**
 * One of several grades that rise: for each but the last, whether the text lies above it, all told by one direction and
 * a threshold each (CORAL, Cao, Mirjalili & Raschka 2020, https://arxiv.org/abs/1901.07884).
 */
export const createOrdinal: CreateTask = (train) => {
  const values = [...new Set(train.map(numberOf))].sort((a, b) => a - b)
  const grades = values.map(String)
  const width = Math.max(1, grades.length - 1)
  const gradeOf = (example: Example) => placeOf(String(numberOf(example)), example.line, grades)
  return {
    answer: { kind: 'ordinal', values, ...pairsOf(train) },
    names: grades,
    textsPerExample: 1,
    output: 'logits',
    head: { form: 'ordinal', width },
    read(examples, tokenizer) {
      const actual = examples.map(gradeOf)
      const texts = encodeExamples(examples, tokenizer)
      const isAbove = (index: number, grade: number) => ((actual[index] as number) > grade ? 1 : 0)
      return {
        lines: linesOf(examples),
        texts,
        targets(indices, { rows }) {
          const targets = new Float32Array(rows * width)
          indices.forEach((index, row) => {
            for (let grade = 0; grade < width; grade++) {
              targets[row * width + grade] = isAbove(index, grade) / indices.length
            }
          })
          return { targets, weights: new Float32Array(rows).fill(1 / indices.length, 0, indices.length) }
        },
        async evaluate(inference) {
          const logits = await inference.outputs(texts.flat(), 'logits')
          // The median of the grades: as many as the text more likely lies above.
          const predicted = logits.map((row) => row.filter((logit) => logit > 0).length)
          const losses = logits.flatMap((row, i) =>
            Array.from(row, (logit, grade) => binaryCrossEntropyOf(logit, isAbove(i, grade))),
          )
          return { report: evaluateGrades(predicted, actual, grades), loss: mean(losses) }
        },
      }
    },
    targetDims: ({ rows }) => ({ targets: [rows, width], weights: [rows, 1] }),
    loss: (g, logits, { targets, weights }) =>
      binaryCrossEntropy(g, logits, present(targets, 'targets'), present(weights, 'weights')),
    /** Thresholds as the shares of the grades have them, so that they fall from the start. */
    start({ parameters }) {
      const bias = present(parameters.find(({ name }) => name === headBiasName)?.value, headBiasName)
      const places = train.map(gradeOf)
      for (let grade = 0; grade < width; grade++) {
        const above = places.filter((place) => place > grade).length
        ;(bias.data as Float32Array)[grade] = Math.log((above + 1) / (places.length - above + 1))
      }
    },
  }
}
