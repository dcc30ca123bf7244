import { formatMoney, type GateStatus } from '../../contracts/index.ts'
import type { CommandBody } from '../command.ts'
import { printJson, printLine } from '../io.ts'

export const run: CommandBody = async ({ io, json, options, openPlatform }) => {
  const platform = await openPlatform()
  const status = await platform.gateStatus(String(options.task))
  if (json) printJson(io, status)
  else for (const line of describe(status)) printLine(io.stdout, line)
  return 0
}

function describe({ task, model, isOpen, reason, gate, audits, evidence, ...rest }: GateStatus): string[] {
  const lines = [
    `${task}: the gate is ${isOpen ? 'open' : 'closed'}${model ? `, for version ${model.version}` : ''}.`,
    `  ${reason}.`,
  ]
  if (gate && isOpen)
    lines.push(`  threshold ${Number(gate.threshold?.toPrecision(4))}, coverage ${percent(gate.coverage)}, n ${gate.n}`)
  if (audits && audits.audited > 0) {
    lines.push(
      `  audits: ${audits.agreed} of ${audits.audited} agree; between ${percent(audits.lower)} and ${percent(audits.upper)}, whenever one looks`,
    )
  }
  if (evidence && isOpen)
    lines.push(`  shown by now: at least ${percent(evidence.bound)} at ${percent(evidence.confidence)}`)
  if (rest.outOfScope) lines.push(`  out of scope: ${rest.outOfScope.reason}`)
  lines.push(`  examples: ${rest.examples}, of which the last training saw ${rest.trainedExamples}`)
  for (const { source, count, cost } of rest.traffic)
    lines.push(`  answered by ${source}: ${count}${cost ? `, teacher paid ${formatMoney(cost)}` : ''}`)
  for (const { createdAt, message } of rest.alerts) lines.push(`  ${createdAt.slice(0, 16)} ${message}`)
  return lines
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`
}
