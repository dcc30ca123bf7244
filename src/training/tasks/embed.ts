import { present } from '../../base/index.ts'
import { answerOf, type Example } from '../../data/index.ts'
import { cosineScale, embeddingName } from '../../encoders/index.ts'
import { evaluateEmbeddings } from '../metrics/evaluate-matches.ts'
import type { StepShape } from '../step-graph.ts'
import { crossEntropy } from './losses.ts'
import { type CreateTask, linesOf } from './task.ts'

/** Added to the cosines of what is no wrong answer, so that softmax leaves it out. */
const leftOut = -1e4

/**
 * Vectors in which texts that mean the same stand near each other: each text is to find its match among all texts of the
 * batch (multiple negatives ranking, Henderson et al. 2017, https://arxiv.org/abs/1705.00652; with a negative of its own
 * where there is one). Where examples bear labels in place of matches, all texts of one label are matches of each other
 * (supervised contrastive learning, Khosla et al. 2020, https://arxiv.org/abs/2004.11362).
 */
export const createEmbed: CreateTask = (train) => {
  const hasLabels = train[0]?.answer.kind === 'class'
  const hasNegatives = train.some(({ answer }) => answer.kind === 'match' && answer.negative !== undefined)
  const textsPerExample = hasLabels ? 1 : hasNegatives ? 3 : 2
  const examplesOf = ({ rows }: StepShape) => rows / textsPerExample
  const candidatesOf = (shape: StepShape) => (hasLabels ? shape.rows : shape.rows - examplesOf(shape))
  return {
    answer: { kind: 'embed' },
    names: [],
    textsPerExample,
    output: embeddingName,
    head: { form: 'embedding', width: 0 },
    read(examples, tokenizer) {
      const all = examples.map((example) => [example.text, ...othersOf(example)])
      return {
        lines: linesOf(examples),
        texts: all.map((texts) => texts.map((text) => tokenizer.encode(text))),
        targets(indices, shape) {
          const batch = indices.map((index) => ({
            example: present(examples[index], 'example'),
            texts: all[index] ?? [],
          }))
          return hasLabels ? labelTargets(batch, shape) : matchTargets(batch, examplesOf(shape), textsPerExample - 1)
        },
        async evaluate(inference) {
          const embed = async (texts: readonly string[]) => {
            const encoded = texts.map((text) => tokenizer.encode(text))
            return (await inference.outputs(encoded, embeddingName)).map((vector) => [...vector])
          }
          const report = await evaluateEmbeddings(examples, embed)
          return { report, loss: 1 - report.meanReciprocalRank }
        },
      }
    },
    targetDims: (shape) => {
      const dims = [examplesOf(shape), candidatesOf(shape)]
      return { targets: dims, masks: dims }
    },
    loss(g, vectors, { targets, masks }) {
      const [rows] = vectors.dims as [number, number]
      const examples = rows / textsPerExample
      const queries = g.slice(vectors, 0, 0, examples)
      const candidates = hasLabels ? vectors : g.slice(vectors, 0, examples, rows)
      const cosines = g.gemm(queries, candidates, null, { alpha: cosineScale, transB: true })
      return crossEntropy(g, g.add(cosines, present(masks, 'masks')), present(targets, 'targets'))
    },
  }
}

type BatchExample = { example: Example; texts: readonly string[] }

function othersOf({ answer }: Example): string[] {
  if (answer.kind !== 'match') return []
  return answer.negative === undefined ? [answer.positive] : [answer.positive, answer.negative]
}

/** Candidates are all positives, then all negatives; a copy of one's own match is no wrong answer, nor is padding. */
function matchTargets(batch: readonly BatchExample[], rows: number, parts: number) {
  const width = rows * parts
  const targets = new Float32Array(rows * width)
  const masks = new Float32Array(rows * width)
  batch.forEach(({ texts: own }, row) => {
    targets[row * width + row] = 1 / batch.length
    for (let column = 0; column < width; column++) {
      const text = batch[column % rows]?.texts[1 + Math.floor(column / rows)]
      const isCopy = column !== row && text === own[1]
      if (text === undefined || isCopy) masks[row * width + column] = leftOut
    }
  })
  return { targets, masks }
}

/** Each text's matches share its target; a text alone with its label has none. */
function labelTargets(batch: readonly BatchExample[], { rows }: StepShape) {
  const targets = new Float32Array(rows * rows)
  const masks = new Float32Array(rows * rows)
  const labels = batch.map(({ example }) => answerOf(example, 'class').label)
  const matches = labels.map((label, row) => labels.flatMap((other, i) => (other === label && i !== row ? [i] : [])))
  const learning = matches.filter(({ length }) => length > 0).length
  batch.forEach((_, row) => {
    for (const column of matches[row] ?? []) targets[row * rows + column] = 1 / (learning * (matches[row]?.length ?? 1))
    for (let column = 0; column < rows; column++) {
      if (column === row || column >= batch.length) masks[row * rows + column] = leftOut
    }
  })
  return { targets, masks }
}
