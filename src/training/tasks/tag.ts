import { present } from '../../base/index.ts'
import { answerOf, decodeTags, labelsOfTags, type Span, tagsOfWords, toSpans } from '../../data/index.ts'
import { evaluateSpans } from '../metrics/evaluate-spans.ts'
import { mean } from '../metrics/intervals.ts'
import { crossEntropy } from './losses.ts'
import { type CreateTask, linesOf } from './task.ts'

const outside = 'O'

/**
 * Spans of text with a label. Each word has a tag, B- or I- and a label, or O, and its first token learns it (Devlin et
 * al. 2018, section 5.3).
 */
export const createTag: CreateTask = (train) => {
  const labels = [...new Set(train.flatMap((example) => answerOf(example, 'spans').spans.map(({ label }) => label)))]
  const tags = [outside, ...labels.sort().flatMap((label) => [`B-${label}`, `I-${label}`])]
  const width = tags.length
  return {
    answer: { kind: 'tag' },
    names: tags,
    textsPerExample: 1,
    output: 'logits',
    head: { form: 'tokens', width },
    read(examples, tokenizer) {
      const encoded = examples.map(({ text }) => tokenizer.encodeWords(text))
      const texts = encoded.map(({ ids }) => [{ ids }])
      const actual = examples.map((example) => answerOf(example, 'spans').spans)
      // A label that training has not seen is none to learn: it counts as missed in the report.
      const wordTags = encoded.map(({ words }, i) =>
        tagsOfWords(words, actual[i] ?? []).map((tag) => Math.max(0, tags.indexOf(tag))),
      )
      return {
        lines: linesOf(examples),
        texts,
        targets(indices, { rows, length }) {
          const targets = new Float32Array(rows * length * width)
          const count = indices.reduce((sum, index) => sum + (encoded[index]?.words.length ?? 0), 0)
          indices.forEach((index, row) => {
            encoded[index]?.words.forEach(({ token }, word) => {
              targets[(row * length + token) * width + (wordTags[index]?.[word] as number)] = 1 / count
            })
          })
          return { targets }
        },
        async evaluate(inference) {
          const logits = await inference.outputs(texts.flat(), 'logits')
          const losses: number[] = []
          const pairs = logits.map((rows, i) => {
            const probabilities = softmaxRows(rows, width)
            const { words } = present(encoded[i], 'text')
            words.forEach(({ token }, word) => {
              const probability = probabilities[token * width + (wordTags[i]?.[word] as number)] as number
              losses.push(-Math.log(Math.max(probability, 1.2e-38)))
            })
            const text = examples[i]?.text ?? ''
            const predicted: Span[] = toSpans(decodeTags(probabilities, words, tags), text, labelsOfTags(tags))
            return { actual: actual[i] ?? [], predicted }
          })
          return { report: evaluateSpans(pairs, labelsOfTags(tags)), loss: mean(losses) }
        },
      }
    },
    targetDims: ({ rows, length }) => ({ targets: [rows, length, width] }),
    loss: (g, logits, { targets }) => crossEntropy(g, logits, present(targets, 'targets')),
  }
}

function softmaxRows(logits: Float32Array, width: number): Float32Array {
  const result = new Float32Array(logits.length)
  for (let start = 0; start < logits.length; start += width) {
    const row = logits.subarray(start, start + width)
    const highest = Math.max(...row)
    const powers = row.map((logit) => Math.exp(logit - highest))
    const sum = powers.reduce((total, power) => total + power, 0)
    result.set(
      powers.map((power) => power / sum),
      start,
    )
  }
  return result
}
