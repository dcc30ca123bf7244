/** What people label: which requests are worth asking about, what they say, and which labels are likely wrong. */
import { createId, present } from '../../base/index.ts'
import type { LabelledAnswer, LabelReport, TaskConfig } from '../../contracts/index.ts'
import { type Answer, readExamples } from '../../data/index.ts'
import {
  addExamples,
  answerQuestion,
  askQuestions,
  chooseToLabel,
  type ExampleRecord,
  findLabelErrors,
  hashTexts,
  krippendorffAlpha,
  labelsOfAnswer,
  redactText,
  selectCalibrationScores,
  selectExamples,
  selectGate,
  selectLabelAnswers,
  selectUnlabelled,
  spokenAnswer,
} from '../../flywheel/index.ts'
import type { PlatformContext } from '../create-platform.ts'
import type { DataColumns } from '../prepare-data.ts'
import { readSpokenAnswer } from './read-spoken-answer.ts'

/** Recent requests among which those to ask about are chosen. */
const candidatesMax = 2000
/** Labelled examples whose likeness makes a request less worth asking about. */
const labelledMax = 2000
const errorsShown = 50

/** Puts the requests into the label queue that would teach most: uncertain, like many others, unlike what is labelled. */
export async function queueForLabelling(
  { store, clock }: PlatformContext,
  { task, count }: { task: string; count: number },
): Promise<number> {
  const candidates = await selectUnlabelled(store, task, candidatesMax)
  if (candidates.length === 0) return 0
  const labelled = (await selectExamples(store, task)).slice(-labelledMax)
  const chosen = chooseToLabel(
    {
      texts: candidates.map(({ text }) => text),
      embeddings: hashTexts(candidates.map(({ text }) => text)),
      confidences: candidates.map(({ confidence }) => confidence ?? 0),
    },
    { count, labelled: hashTexts(labelled.map(({ text }) => text)) },
  )
  return askQuestions(
    store,
    chosen.map(({ index }) => {
      const { id, text, textPair } = present(candidates[index], 'candidate')
      return { task, text, textPair, prediction: id, createdAt: clock.now() }
    }),
  )
}

/** What one person says of a question; throws `flywheel.bad-label`, `flywheel.question-not-found`, `flywheel.already-labelled`. */
export async function label(
  { store, clock }: PlatformContext,
  settings: TaskConfig,
  given: { task: string; question: string; annotator: string; label: LabelledAnswer },
): Promise<{ isSettled: boolean; example: ExampleRecord | null }> {
  const answer = readSpokenAnswer(given.task, settings, given.label)
  return answerQuestion(store, {
    question: given.question,
    annotator: given.annotator,
    answer,
    answersNeeded: settings.annotators,
    now: clock.now(),
  })
}

/** How far annotators agree, and which labels the out-of-fold scores of the live version hold for wrong. */
export async function reportLabels({ store, registry }: PlatformContext, task: string): Promise<LabelReport> {
  const answers = await selectLabelAnswers(store, task)
  const units = new Map<string, string[]>()
  for (const { question, answer } of answers)
    units.set(question, [...(units.get(question) ?? []), labelsOfAnswer(answer)])
  const { alpha, units: compared } = krippendorffAlpha([...units.values()], 'nominal')
  const live = await registry.findLive(task)
  const errors = live ? await findErrors({ store }, task, live.id) : { errors: [], noise: null }
  return { task, annotators: new Set(answers.map(({ annotator }) => annotator)).size, alpha, compared, ...errors }
}

async function findErrors({ store }: Pick<PlatformContext, 'store'>, task: string, model: string) {
  const gate = await selectGate(store, model)
  const labels = gate?.labels ?? []
  const examples = new Map((await selectExamples(store, task)).map((example) => [example.id, example]))
  const rows = (await selectCalibrationScores(store, model)).flatMap(({ example: id, probabilities }) => {
    const example = examples.get(id)
    const index = example?.answer.kind === 'class' ? labels.indexOf(example.answer.label) : -1
    return example && probabilities && index >= 0 ? [{ example, probabilities, index }] : []
  })
  if (rows.length === 0) return { errors: [], noise: null }
  const { errors, noise } = findLabelErrors(
    rows.flatMap(({ probabilities }) => probabilities),
    labels.length,
    rows.map(({ index }) => index),
  )
  const shown = errors.slice(0, errorsShown).map(({ index, given, suggested, margin }) => {
    const { id, text, source } = present(rows[index], 'example').example
    return { example: id, text, source, given: labels[given] as string, suggested: labels[suggested] as string, margin }
  })
  return { errors: shown, noise }
}

/** Adds labelled texts of a file to what a task learns from. */
export async function importExamples(
  { store, clock, registry }: PlatformContext,
  settings: TaskConfig,
  request: DataColumns & { task: string; data: string; representative?: boolean },
): Promise<{ imported: number; skipped: number }> {
  const { task, data, representative = false, ...columns } = request
  const { textColumn, labelColumn, pairColumn, labelSeparator, kind } = settings
  const { examples, problems } = await readExamples({
    textColumn,
    labelColumn,
    pairColumn,
    labelSeparator,
    ...definedOnly(columns),
    path: data,
    kind,
  })
  const now = clock.now()
  const keep = settings.retention === 'redacted' ? redactText : (text: string) => text
  await registry.ensureTask(task)
  await addExamples(
    store,
    examples.map(({ text, textPair, answer, line }): ExampleRecord => {
      // Refuses what the task's labels do not have.
      const known: Answer = readSpokenAnswer(task, settings, spokenAnswer(answer) as LabelledAnswer)
      return {
        id: createId('example', now),
        task,
        text: keep(text),
        textPair: textPair === undefined ? null : keep(textPair),
        answer: known,
        source: 'imported',
        provenance: { file: data, line },
        representative,
        prediction: null,
        createdAt: now,
      }
    }),
  )
  return { imported: examples.length, skipped: problems.length }
}

function definedOnly<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>
}
