import type { ModelVersion } from '../contracts/index.ts'
import type { VersionReference } from '../registry/index.ts'
import type { PlatformContext } from './create-platform.ts'

/** Makes a version live and writes that into the audit log: as a way back where a later version was live. */
export async function promoteVersion(
  { registry, access }: PlatformContext,
  { task, reference, actor }: { task: string; reference: VersionReference; actor: string },
): Promise<ModelVersion> {
  const { id, version } = await registry.findModelVersion(task, reference)
  const live = await registry.findLive(task)
  const promoted = await registry.promoteVersion(id)
  const act = live && version < live.version ? 'version-rolled-back' : 'version-promoted'
  await access.recordAct({ actor, act, subject: { task, version, model: id } })
  return promoted
}
