/** What a model scored on labelled texts, for each kind of task. */
import type { TaskKind } from '../../contracts/index.ts'

/** The number by which models of a task are compared: the higher the better, with its 95 % confidence interval. */
export type PrimaryScore = { name: string; value: number; interval: [number, number] }

/** How well one label was found: `support` texts or spans bear it. */
export type ClassMetrics = { label: string; precision: number; recall: number; f1: number; support: number }

export type ClassReport = {
  kind: 'classify'
  count: number
  primary: PrimaryScore
  accuracy: number
  /** Wilson score interval of the accuracy at 95 % confidence. */
  accuracyInterval: [number, number]
  macroF1: number
  /** Mean cross-entropy in nats. */
  loss: number
  classes: ClassMetrics[]
  /** Pairs of classes by how often the first was taken for the second, most frequent first. */
  confusions: { actual: string; predicted: string; count: number }[]
}

export type LabelsReport = {
  kind: 'multilabel'
  count: number
  primary: PrimaryScore
  microF1: number
  macroF1: number
  /** Share of texts whose labels are all right and complete. */
  exactMatch: number
  classes: ClassMetrics[]
}

export type NumbersReport = {
  kind: 'regress'
  count: number
  primary: PrimaryScore
  /** Share of the variance that the model explains: 0 is what the mean alone reaches. */
  r2: number
  meanAbsoluteError: number
  rootMeanSquareError: number
  pearson: number
  spearman: number
}

export type GradesReport = {
  kind: 'ordinal'
  count: number
  primary: PrimaryScore
  /** Agreement beyond chance, a mistake weighing by the square of its distance in grades (Cohen 1968). */
  quadraticKappa: number
  accuracy: number
  /** Share of texts whose grade is right or next to it. */
  withinOne: number
  /** In grades. */
  meanAbsoluteError: number
  confusions: ClassReport['confusions']
}

export type SpansReport = {
  kind: 'tag'
  count: number
  primary: PrimaryScore
  /** Of spans that are right in start, end and label. */
  microF1: number
  precision: number
  recall: number
  classes: ClassMetrics[]
}

export type MatchesReport = {
  kind: 'embed'
  count: number
  primary: PrimaryScore
  /** Mean of 1 / rank of the first match among all candidates, 0 beyond the tenth. */
  meanReciprocalRank: number
  /** Share of texts whose first match is the very nearest, and among the nearest ten. */
  recallAt1: number
  recallAt10: number
  /** Texts among which the match was looked for. */
  candidates: number
}

/** A report of any kind; `kind` says which. */
export type EvaluationReport = ClassReport | LabelsReport | NumbersReport | GradesReport | SpansReport | MatchesReport

/** The report of one kind of task. */
export type ReportOf<Kind extends TaskKind> = Extract<EvaluationReport, { kind: Kind }>
