import { present } from '../../base/index.ts'
import { answerOf, type Example } from '../../data/index.ts'
import { headBiasName, headWeightName } from '../../encoders/index.ts'
import type { Model, Tensor } from '../../onnx/index.ts'
import { evaluateNumbers } from '../metrics/evaluate-numbers.ts'
import { mean } from '../metrics/intervals.ts'
import { huber } from './losses.ts'
import { type CreateTask, encodeExamples, linesOf, pairsOf } from './task.ts'

const numberOf = (example: Example) => answerOf(example, 'value').value

/**
 * A number. The model learns it as distance from the mean in standard deviations, so that rates and clipping suit data of
 * any unit; the saved model answers in the data's own.
 */
export const createRegress: CreateTask = (train) => {
  const middle = mean(train.map(numberOf))
  const deviation = Math.sqrt(mean(train.map((example) => (numberOf(example) - middle) ** 2))) || 1
  return {
    answer: { kind: 'regress', ...pairsOf(train) },
    names: ['value'],
    textsPerExample: 1,
    output: 'logits',
    head: { form: 'linear', width: 1 },
    read(examples, tokenizer) {
      const actual = examples.map(numberOf)
      const texts = encodeExamples(examples, tokenizer)
      return {
        lines: linesOf(examples),
        texts,
        targets(indices, { rows }) {
          const targets = new Float32Array(rows)
          indices.forEach((index, row) => {
            targets[row] = ((actual[index] as number) - middle) / deviation
          })
          return { targets, weights: new Float32Array(rows).fill(1 / indices.length, 0, indices.length) }
        },
        async evaluate(inference) {
          const logits = await inference.outputs(texts.flat(), 'logits')
          const predicted = logits.map(([value]) => middle + deviation * (value as number))
          const report = evaluateNumbers(predicted, actual)
          return { report, loss: report.rootMeanSquareError }
        },
      }
    },
    targetDims: ({ rows }) => ({ targets: [rows, 1], weights: [rows, 1] }),
    loss: (g, values, { targets, weights }) =>
      huber(g, values, present(targets, 'targets'), present(weights, 'weights')),
    finish: (model) => inUnits(model, middle, deviation),
  }
}

/** deviation · (w·x + b) + middle = (deviation · w)·x + (deviation · b + middle). */
function inUnits(model: Model, middle: number, deviation: number): Model {
  const initializers = new Map(model.graph.initializers)
  const change = (name: string, rule: (value: number) => number) => {
    const tensor = present(initializers.get(name), name)
    initializers.set(name, { ...tensor, data: (tensor.data as Float32Array).map(rule) } satisfies Tensor)
  }
  change(headWeightName, (weight) => deviation * weight)
  change(headBiasName, (bias) => deviation * bias + middle)
  return { ...model, graph: { ...model.graph, initializers } }
}
