import type { ModelVersion, Money, Run } from '../contracts/index.ts'
import { readExamples } from '../data/index.ts'
import type { VersionReference } from '../registry/index.ts'
import { readModelHead } from '../serving/index.ts'
import type { EvaluationReport } from '../training/index.ts'
import type { PlatformContext } from './create-platform.ts'
import { evaluateModel } from './evaluate-model.ts'
import { failRun } from './fail-run.ts'
import { locateModel } from './locate-model.ts'
import { measureUsage } from './measure-usage.ts'
import { type DataColumns, defaultSeed } from './prepare-data.ts'

export type EvaluateRequest = DataColumns & {
  task: string
  data: string
  version?: VersionReference
}

export type EvaluateResult = { run: Run; model: ModelVersion; report: EvaluationReport; skipped: number; cost: Money }

/** Measures a version on a labelled file, as a run with its cost. */
export async function evaluateTask(
  context: PlatformContext,
  { task, version, data, ...options }: EvaluateRequest,
): Promise<EvaluateResult> {
  const { registry, ledger, config, device } = context
  const model = await registry.findModelVersion(task, version)
  const place = await locateModel(context, model)
  const { answer } = await readModelHead(place.folder)
  const form = { kind: answer.kind, pairs: answer.kind === 'embed' ? undefined : (answer.pairs ?? false) }
  // Data that cannot be used is no run: nothing is recorded of it.
  const { examples, problems } = await readExamples({ path: data, purpose: 'evaluate', ...form, ...options })
  const usage = measureUsage({ device, energy: context.energy })
  const settings = { data, model: model.id, examples: examples.length, device }
  const run = await registry.startRun({ task, kind: 'evaluate', seed: defaultSeed, settings })
  let report: EvaluationReport
  try {
    report = await evaluateModel(place, examples, device)
  } catch (error) {
    await failRun(context, { run, usage: usage(), error })
    throw error
  }
  const finished = await registry.finishRun(run.id, { status: 'succeeded', usage: usage() })
  const { cost } = await ledger.postRunCost({ run: finished, rates: config.rates, model: model.id })
  return { run: finished, model, report, skipped: problems.length, cost }
}
