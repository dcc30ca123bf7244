import { formatTable } from '../../base/index.ts'
import { formatMoney } from '../../contracts/index.ts'
import type { EvaluationReport } from '../../platform/index.ts'
import type { CommandBody } from '../command.ts'
import { printJson, printLine } from '../io.ts'
import { formatPrimary } from '../print-report.ts'
import { formatMib, formatTime } from '../print-table.ts'

type Metrics = { test?: Partial<Pick<EvaluationReport, 'primary' | 'count'>> }

export const run: CommandBody = async ({ io, json, options, openPlatform }) => {
  const platform = await openPlatform()
  const models = await platform.listModels(options.task === undefined ? {} : { task: String(options.task) })
  const costs = await platform.listRunCosts()
  const rows = models.map((model) => ({ ...model, cost: costs.get(model.lineage.run) ?? null }))
  if (json) {
    printJson(io, { models: rows })
    return 0
  }
  if (rows.length === 0) {
    printLine(io.stdout, 'There are no models yet. Train one: capstan train tickets.csv --task support')
    return 0
  }
  const titles = [
    { title: 'task' },
    { title: 'version', align: 'right' as const },
    { title: 'stage' },
    { title: 'score' },
    { title: 'size', align: 'right' as const },
    { title: 'cost', align: 'right' as const },
    { title: 'base' },
    { title: 'created' },
  ]
  const cells = rows.map(({ task, version, stage, metrics, sizeBytes, cost, lineage, createdAt }) => {
    const { test } = metrics as Metrics
    return [
      task,
      String(version),
      stage,
      formatPrimary(test),
      formatMib(sizeBytes),
      cost ? formatMoney(cost) : '–',
      lineage.base.name,
      formatTime(createdAt),
    ]
  })
  for (const line of formatTable(titles, cells)) printLine(io.stdout, line)
  return 0
}
