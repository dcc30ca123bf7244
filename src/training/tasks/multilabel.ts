import { present } from '../../base/index.ts'
import { answerOf } from '../../data/index.ts'
import { evaluateLabels } from '../metrics/evaluate-labels.ts'
import { mean } from '../metrics/intervals.ts'
import { binaryCrossEntropy, binaryCrossEntropyOf } from './losses.ts'
import { type CreateTask, encodeExamples, linesOf, pairsOf, placeOf } from './task.ts'

/** From which probability on a text bears a label. */
const threshold = 0.5

/** Any number of labels, each on its own. */
export const createMultilabel: CreateTask = (train, settings) => {
  const labels = [...new Set(train.flatMap((example) => answerOf(example, 'classes').labels))].sort()
  const width = labels.length
  return {
    answer: { kind: 'multilabel', thresholds: labels.map(() => threshold), ...pairsOf(train) },
    names: labels,
    textsPerExample: 1,
    output: 'logits',
    head: { form: settings.head, width },
    read(examples, tokenizer) {
      const actual = examples.map((example) => answerOf(example, 'classes').labels)
      const places = examples.map(({ line }, i) => actual[i]?.map((label) => placeOf(label, line, labels)) ?? [])
      const texts = encodeExamples(examples, tokenizer)
      return {
        lines: linesOf(examples),
        texts,
        targets(indices, { rows }) {
          const targets = new Float32Array(rows * width)
          const weights = new Float32Array(rows).fill(1 / indices.length, 0, indices.length)
          indices.forEach((index, row) => {
            for (const place of places[index] ?? []) targets[row * width + place] = 1 / indices.length
          })
          return { targets, weights }
        },
        async evaluate(inference) {
          const logits = await inference.outputs(texts.flat(), 'logits')
          const pairs = logits.map((row, i) => ({
            actual: actual[i] ?? [],
            predicted: labels.filter((_, label) => (row[label] as number) >= Math.log(threshold / (1 - threshold))),
          }))
          const losses = logits.flatMap((row, i) =>
            Array.from(row, (logit, label) => binaryCrossEntropyOf(logit, places[i]?.includes(label) ? 1 : 0)),
          )
          return { report: evaluateLabels(pairs, labels), loss: mean(losses) }
        },
      }
    },
    targetDims: ({ rows }) => ({ targets: [rows, width], weights: [rows, 1] }),
    loss: (g, logits, { targets, weights }) =>
      binaryCrossEntropy(g, logits, present(targets, 'targets'), present(weights, 'weights')),
  }
}
