import { present } from '../../base/index.ts'
import { answerOf, type Example } from '../../data/index.ts'
import { evaluateLogits } from '../metrics/evaluate-classes.ts'
import { createClassTargets } from './class-targets.ts'
import { crossEntropy } from './losses.ts'
import { startFromCentroids } from './start-from-centroids.ts'
import { type CreateTask, encodeExamples, linesOf, pairsOf, placeOf } from './task.ts'

/** One of several labels. */
export const createClassify: CreateTask = (train, settings) => {
  const labels = [...new Set(train.map((example) => answerOf(example, 'class').label))].sort()
  const toClasses = (examples: readonly Example[]) =>
    examples.map((example) => placeOf(answerOf(example, 'class').label, example.line, labels))
  return {
    answer: { kind: 'classify', ...pairsOf(train) },
    names: labels,
    textsPerExample: 1,
    output: 'logits',
    head: { form: settings.head, width: labels.length },
    read(examples, tokenizer) {
      const classes = toClasses(examples)
      const texts = encodeExamples(examples, tokenizer)
      return {
        lines: linesOf(examples),
        texts,
        targets: createClassTargets(classes, labels.length, settings),
        async evaluate(inference) {
          const report = evaluateLogits(await inference.outputs(texts.flat(), 'logits'), classes, labels)
          return { report, loss: report.loss }
        },
      }
    },
    targetDims: ({ rows }) => ({ targets: [rows, labels.length] }),
    loss: (g, logits, { targets }) => crossEntropy(g, logits, present(targets, 'targets')),
    ...(settings.head === 'cosine' ? startFromCentroids(toClasses(train)) : {}),
  }
}
