import type { LabelQuestion, LabelReport, LabelRequest } from '../../contracts/index.ts'
import { selectOpenQuestions } from '../../flywheel/index.ts'
import type { PlatformContext } from '../create-platform.ts'
import type { DataColumns } from '../prepare-data.ts'
import { importExamples, label, queueForLabelling, reportLabels } from './label-task.ts'
import type { Flywheel } from './open-flywheel.ts'

export type Labelling = {
  /** Puts the requests into the queue that would teach most; how many were not there yet. */
  queue(request: { task: string; count: number }): Promise<number>
  /** Questions that nobody has settled, the oldest first; for an annotator those that are left for them. */
  list(filter: { task: string; limit?: number; annotator?: string }): Promise<LabelQuestion[]>
  /** Throws `flywheel.bad-label`, `flywheel.question-not-found`, `flywheel.already-labelled`. */
  answer(question: string, request: LabelRequest): Promise<{ isSettled: boolean; example: string | null }>
  report(task: string): Promise<LabelReport>
  /** Adds labelled texts of a file; `representative` says that they were drawn as requests come. */
  import(
    request: DataColumns & { task: string; data: string; representative?: boolean },
  ): Promise<{ imported: number; skipped: number }>
}

export function openLabelling(context: PlatformContext, flywheel: Flywheel): Labelling {
  return {
    queue: (request) => queueForLabelling(context, request),
    async list(filter) {
      const questions = await selectOpenQuestions(context.store, filter)
      return questions.map(({ answer: _, createdAt, ...same }) => ({ ...same, createdAt: createdAt.toISOString() }))
    },
    async answer(question, request) {
      const { isSettled, example } = await label(context, flywheel.settingsOf(request.task), { question, ...request })
      if (example) flywheel.noteExample(request.task)
      return { isSettled, example: example?.id ?? null }
    },
    report: (task) => reportLabels(context, task),
    async import(request) {
      const imported = await importExamples(context, flywheel.settingsOf(request.task), request)
      flywheel.noteExample(request.task)
      return imported
    },
  }
}
