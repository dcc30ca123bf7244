import { saveModelFolder } from './save-model.ts'
import { trainedAdapter, trainedModel } from './trained-model.ts'
import type { TrainingRun } from './training-run.ts'

/** Writes what a run has learnt so far: the whole model, or a separate adapter. */
export async function saveRun(run: TrainingRun, folder: string): Promise<void> {
  const { encoder, task, tokenizer, settings } = run
  const learnt = settings.adapter === 'separate' ? trainedAdapter(run) : trainedModel(run)
  await saveModelFolder(folder, { encoder, learnt, task, tokensMax: tokenizer.tokensMax })
}
