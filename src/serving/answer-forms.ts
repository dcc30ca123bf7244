/** What each kind of model puts out, and how its numbers become a prediction. */
import type { ModelAnswer, Prediction, ScoredLabel, TaskKind } from '../contracts/index.ts'
import { decodeTags, labelsOfTags, toSpans, type WordEncoding } from '../data/index.ts'
import { energyOf, requireFinite, toGradeShares, toProbabilities, toSigmoids } from './probabilities.ts'
import type { ModelHead } from './read-model-head.ts'

/** A text's answer as numbers, as it travels between threads, with what it takes to read them. */
export type Answered<Kind extends TaskKind> = {
  numbers: Float32Array
  names: readonly string[]
  answer: Extract<ModelAnswer, { kind: Kind }>
  text: string
  truncated: boolean
}

type AnswerForm<Kind extends TaskKind> = {
  /** The model's output to fetch, and how many numbers a text (for tag, a token) has in it: undefined for any. */
  output: 'logits' | 'sentence_embedding'
  width(head: ModelHead): number | undefined
  /** What the task can answer, for its callers. */
  labels(names: readonly string[]): readonly string[]
  /** From a text's part of the output, which it may overwrite, to the numbers of its answer. */
  toNumbers(output: Float32Array, head: ModelHead, words: WordEncoding['words']): Float32Array
  toPrediction(answered: Answered<Kind>): Extract<Prediction, { kind: Kind }>
}

const named = ({ names }: ModelHead) => names.length
const itself = (names: readonly string[]) => names
const nothing = () => []

export const answerForms: { [Kind in TaskKind]: AnswerForm<Kind> } = {
  classify: {
    output: 'logits',
    width: named,
    labels: itself,
    // Probabilities, and after them the energy.
    toNumbers(logits) {
      const energy = energyOf(logits)
      return Float32Array.of(...toProbabilities(logits, logits.length), energy)
    },
    toPrediction({ numbers, names, truncated }) {
      const scores = rank(names, numbers)
      const [best] = scores as [ScoredLabel]
      const energy = numbers[names.length] as number
      return { kind: 'classify', label: best.label, score: best.score, scores, energy, truncated }
    },
  },
  multilabel: {
    output: 'logits',
    width: named,
    labels: itself,
    toNumbers: toSigmoids,
    toPrediction({ numbers, names, answer, truncated }) {
      const scores = rank(names, numbers)
      const thresholds = new Map(names.map((name, i) => [name, answer.thresholds[i] as number]))
      const reached = scores.filter(({ label, score }) => score >= (thresholds.get(label) as number))
      return { kind: 'multilabel', labels: reached.map(({ label }) => label), scores, truncated }
    },
  },
  regress: {
    output: 'logits',
    width: () => 1,
    labels: nothing,
    toNumbers: requireFinite,
    toPrediction: ({ numbers, truncated }) => ({ kind: 'regress', value: numbers[0] as number, truncated }),
  },
  ordinal: {
    output: 'logits',
    width: ({ names }) => names.length - 1,
    labels: itself,
    toNumbers: (logits) => toGradeShares(toSigmoids(logits)),
    toPrediction({ numbers, names, answer, truncated }) {
      const value = numbers.reduce((sum, share, grade) => sum + share * (answer.values[grade] as number), 0)
      const scores = names.map((label, grade) => ({ label, score: numbers[grade] as number }))
      return { kind: 'ordinal', label: names[findMedian(numbers)] as string, value, scores, truncated }
    },
  },
  tag: {
    output: 'logits',
    width: named,
    labels: labelsOfTags,
    toNumbers: (logits, { names }, words) => decodeTags(toProbabilities(logits, names.length), words, names),
    toPrediction: ({ numbers, names, text, truncated }) => ({
      kind: 'tag',
      spans: toSpans(numbers, text, labelsOfTags(names)),
      truncated,
    }),
  },
  embed: {
    output: 'sentence_embedding',
    width: () => undefined,
    labels: nothing,
    toNumbers: requireFinite,
    toPrediction: ({ numbers, truncated }) => ({ kind: 'embed', embedding: [...numbers], truncated }),
  },
}

/** The prediction of a model's kind from the numbers of one text. */
export function toPrediction({ answer, names }: ModelHead, answered: Omit<Answered<TaskKind>, 'answer' | 'names'>) {
  // The table's rows and the union's members go together by `kind`, which the compiler cannot follow.
  const form = answerForms[answer.kind] as AnswerForm<TaskKind>
  return form.toPrediction({ ...answered, answer, names })
}

/** Scores, best first; equal ones keep the order of the labels. */
function rank(labels: readonly string[], scores: Float32Array): ScoredLabel[] {
  return labels.map((label, i) => ({ label, score: scores[i] as number })).sort((a, b) => b.score - a.score)
}

/** The first grade up to which half of the probability lies: no other has a smaller expected distance. */
function findMedian(shares: Float32Array): number {
  let sum = 0
  const median = shares.findIndex((share) => {
    sum += share
    return sum >= 0.5
  })
  return Math.max(median, 0)
}
