import { InvalidInputError, sha256, UnsupportedError } from '../base/index.ts'
import type { Choice, TaskKind } from '../contracts/index.ts'
import {
  describeExamples,
  type Example,
  type ExamplesSummary,
  fingerprintExamples,
  type ReadExamplesResult,
  readExamples,
  readTexts,
  removeDuplicatesOf,
  splitExamples,
  type UnlabelledText,
} from '../data/index.ts'

export type DataRequest = {
  /** CSV, TSV, JSONL or CoNLL file of labelled texts. */
  data: string
  /** A file of its own to test on; without it a tenth of `data` is held out. */
  test?: string | undefined
  /** To classify: a file of texts without labels, which the model labels itself to learn from more. */
  unlabelled?: string | undefined
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
  /** Texts without labels that are none of those above, nor nearly. */
  unlabelled: UnlabelledText[]
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
  unlabelled,
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
  const labelled = { ...split, test: given?.examples ?? split.test }
  const { train, validation: forEpoch, test: forTest } = labelled
  const all = [...train, ...forEpoch, ...forTest]
  const texts = unlabelled === undefined ? [] : await readUnlabelled(unlabelled, { ...options, kind, pairs, all })
  return {
    kind,
    pairs,
    ...labelled,
    unlabelled: texts,
    columns,
    summary: describeExamples(read.examples),
    skippedByKind: read.skippedByKind,
    duplicatesOfTest: dropped,
    fingerprint: fingerprintOf(all, texts),
    choices: [chooseKind(kind, options.kind, columns), explainValidation(split.validation.length, validation)],
  }
}

/** Texts to learn from beside labelled ones: what is known already is left out, what the model is tested on above all. */
async function readUnlabelled(
  path: string,
  { kind, pairs, all, ...options }: DataColumns & { kind: TaskKind; pairs: boolean; all: readonly Example[] },
): Promise<UnlabelledText[]> {
  if (kind !== 'classify' || pairs) {
    const what = pairs ? 'pairs of texts' : `data of kind ${kind}`
    throw new UnsupportedError('data.unlabelled-kind', `Texts without labels (${path}) cannot be used beside ${what}`, {
      hint: 'They help to classify single texts; train without --unlabelled.',
    })
  }
  const texts = await readTexts({ path, kind, textColumn: options.textColumn, skipBadRows: options.skipBadRows })
  const { examples } = removeDuplicatesOf(texts, all)
  if (examples.length > 0) return examples
  throw new InvalidInputError('data.nothing-unlabelled', `${path} has no text that is not among the labelled ones`, {
    hint: 'Give texts that no label is known of, or train without --unlabelled.',
  })
}

function fingerprintOf(labelled: readonly Example[], unlabelled: readonly UnlabelledText[]): string {
  const fingerprint = fingerprintExamples(labelled)
  if (unlabelled.length === 0) return fingerprint
  return sha256(JSON.stringify([fingerprint, unlabelled.map(({ text }) => text)]))
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
