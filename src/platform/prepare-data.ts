import type { Choice, TaskKind } from '../contracts/index.ts'
import {
  describeExamples,
  type Example,
  type ExamplesSummary,
  fingerprintExamples,
  type ReadExamplesResult,
  readExamples,
  removeDuplicatesOf,
  splitExamples,
} from '../data/index.ts'

export type DataRequest = {
  /** CSV, TSV, JSONL or CoNLL file of labelled texts. */
  data: string
  /** A file of its own to test on; without it a tenth of `data` is held out. */
  test?: string | undefined
  /** What the model shall answer; found out where the file leaves no doubt. */
  kind?: TaskKind | undefined
} & DataColumns

/** Where in a file texts and answers stand; what is left out is found by usual names. */
export type DataColumns = {
  textColumn?: string | undefined
  labelColumn?: string | undefined
  /** The second text of a pair; to embed, the text that matches. */
  pairColumn?: string | undefined
  /** To embed, a text that does not match. */
  negativeColumn?: string | undefined
  /** Between the labels of a multilabel column; `|` and `;` where left out. */
  labelSeparator?: string | undefined
  skipBadRows?: boolean
}

export type PreparedData = {
  kind: TaskKind
  /** Each example is a pair of texts. */
  pairs: boolean
  train: Example[]
  validation: Example[]
  test: Example[]
  columns: ReadExamplesResult['columns']
  summary: ExamplesSummary
  /** Rows left out by --skip-bad-rows, by kind. */
  skippedByKind: ReadExamplesResult['skippedByKind']
  /** Rows left out of training because the test file has them too, or nearly. */
  duplicatesOfTest: number
  fingerprint: string
  /** What was made of the file, and why. */
  choices: Choice[]
}

export const defaultSeed = 1

const heldOutShare = 0.1
/** Fewer cannot tell one epoch from the next (accuracy to five points and worse), and are worth more as training data. */
const validationSizeMin = 200
/** Enough that accuracy is known to about two points; the rest is worth more as training data. */
const validationSizeMax = 500
const testSizeMax = 2000

/** Reads, checks and splits a task's data; the same data and seed give the same split. */
export async function prepareData({
  data,
  test,
  seed,
  ...options
}: DataRequest & { seed: number }): Promise<PreparedData> {
  const read = await readExamples({ path: data, ...options })
  const { kind, columns } = read
  const pairs = kind !== 'embed' && columns.pair !== undefined
  const sameForm = { ...options, kind, ...(kind === 'embed' ? {} : { pairs }) }
  const given = test === undefined ? null : await readExamples({ path: test, ...sameForm, purpose: 'evaluate' })
  const { examples, dropped } = given
    ? removeDuplicatesOf(read.examples, given.examples)
    : { examples: read.examples, dropped: 0 }
  const share = (max: number) => Math.min(max, Math.round(heldOutShare * examples.length))
  const validation = share(validationSizeMax)
  const split = splitExamples(examples, {
    seed,
    validation: validation < validationSizeMin ? 0 : validation,
    test: given ? 0 : share(testSizeMax),
  })
  return {
    kind,
    pairs,
    ...split,
    test: given?.examples ?? split.test,
    columns,
    summary: describeExamples(read.examples),
    skippedByKind: read.skippedByKind,
    duplicatesOfTest: dropped,
    fingerprint: fingerprintExamples([...split.train, ...split.validation, ...(given?.examples ?? split.test)]),
    choices: [chooseKind(kind, options.kind, columns), explainValidation(split.validation.length, validation)],
  }
}

function chooseKind(kind: TaskKind, asked: TaskKind | undefined, columns: PreparedData['columns']): Choice {
  if (asked !== undefined)
    return { setting: 'kind', value: kind, reason: 'in place of what the columns would say', by: 'user' }
  const names = Object.values(columns).join(', ')
  return { setting: 'kind', value: kind, reason: `what the columns ${names} hold`, by: 'capstan' }
}

/** `tenth`: how many examples would be held out to choose the epoch. */
function explainValidation(count: number, tenth: number): Choice {
  const reason =
    count > 0
      ? 'held out to choose the epoch'
      : `a tenth, ${tenth}, could not tell one epoch from the next, and is worth more to train on`
  return { setting: 'validationExamples', value: count, reason, by: 'capstan' }
}
