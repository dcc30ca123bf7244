import type { ModelVersion } from '../contracts/index.ts'
import { isAdapterFolder, readAdapterConfig } from '../encoders/index.ts'
import { findBase } from '../registry/index.ts'
import type { ModelPlace } from '../serving/index.ts'
import type { PlatformContext } from './create-platform.ts'
import { hubAccess } from './hub-access.ts'

/** Where a version's files are, checked; of a separate adapter, its base too, found again and checked by its checksum. */
export async function locateModel(
  { registry, store }: PlatformContext,
  version: Pick<ModelVersion, 'id' | 'files'>,
): Promise<ModelPlace> {
  const folder = await registry.openModelFolder(version)
  if (!isAdapterFolder(folder)) return { folder }
  const { base } = (await readAdapterConfig(folder)).capstan
  return { folder, baseFolder: (await findBase(base, { cacheFolder: store.folder, ...hubAccess() })).folder }
}
