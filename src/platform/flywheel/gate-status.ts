import { type GateStatus, gateStatusSchema } from '../../contracts/index.ts'
import {
  countExamples,
  poolEvidence,
  readAudits,
  readTaskState,
  selectAlerts,
  selectGate,
  summarizeTraffic,
} from '../../flywheel/index.ts'
import type { PlatformContext } from '../create-platform.ts'

/** Why the gate of a task is where it is. */
export async function readGateStatus({ registry, store, tasks }: PlatformContext, task: string): Promise<GateStatus> {
  const live = await registry.findLive(task)
  const record = live && (await selectGate(store, live.id))
  const state = await readTaskState(store, task)
  const settings = tasks.of(task)
  const alerts = await selectAlerts(store, { task, limit: 5 })
  return gateStatusSchema.parse({
    task,
    teacher: settings?.teacher?.type ?? null,
    model: live && { id: live.id, version: live.version },
    isOpen: record?.gate.open === true && record.closedReason === null,
    closedReason: record?.closedReason ?? null,
    reason: explain({ hasTeacher: settings?.teacher !== undefined, hasModel: live !== null, record }),
    gate: record?.gate ?? null,
    temperature: record?.temperature ?? null,
    outOfScope: record?.outOfScope ?? null,
    audits: record ? readAudits(record.audits) : null,
    evidence: record ? poolEvidence(record.gate, record.audits) : null,
    examples: await countExamples(store, task),
    trainedExamples: state.trainedExamples,
    calibrateSince: state.calibrateSince?.toISOString() ?? null,
    traffic: (await summarizeTraffic(store, task)).map(({ costMicro, currency, ...same }) => ({
      ...same,
      cost: currency === null ? null : { amountMicro: costMicro.toString(), currency },
    })),
    alerts: alerts.map(({ kind, message, createdAt }) => ({ kind, message, createdAt: createdAt.toISOString() })),
  })
}

function explain(facts: {
  hasTeacher: boolean
  hasModel: boolean
  record: Awaited<ReturnType<typeof selectGate>>
}): string {
  const { hasTeacher, hasModel, record } = facts
  if (!hasModel) return hasTeacher ? 'there is no model yet: the teacher answers all' : 'there is no model yet'
  if (!hasTeacher) return 'the task has no teacher: the model answers all'
  if (!record) return 'the live version was trained without calibration: the teacher answers all until capstan retrain'
  if (record.closedReason === 'audits')
    return 'audits showed that the model agrees with the teacher less often than promised'
  if (record.closedReason === 'drift') return 'the traffic has changed since the version was trained'
  return record.gate.reason
}
