import { assert } from '../base/index.ts'
import type { Device, TaskKind } from '../contracts/index.ts'
import type { Example } from '../data/index.ts'
import { type ModelPlace, openPredictor } from '../serving/index.ts'
import type { EvaluationReport, ReportOf } from '../training/index.ts'
import { evaluators } from './evaluators.ts'

/**
 * Measures a saved model on labelled texts, through the same code that serves it.
 * Throws InvalidInputError `evaluation.unknown-label` naming every label that the model does not know.
 */
export async function evaluateModel(
  { folder, baseFolder }: ModelPlace,
  examples: readonly Example[],
  device: Device = 'cpu',
): Promise<EvaluationReport> {
  const predictor = await openPredictor(folder, { baseFolder, device })
  try {
    return await evaluators[predictor.head.answer.kind](predictor, examples)
  } finally {
    await predictor.close()
  }
}

/** The report of a model that is known to be of that kind. */
export function reportOf<Kind extends TaskKind>(report: EvaluationReport, kind: Kind): ReportOf<Kind> {
  assert(report.kind === kind, `internal: a ${kind} model gave a report of kind ${report.kind}`)
  return report as ReportOf<Kind>
}
