import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { ConflictError, createId } from '../base/index.ts'
import { adapterFiles, type ModelVersion } from '../contracts/index.ts'
import { loadAdapter, mergeModel } from '../encoders/index.ts'
import { writeModel } from '../onnx/index.ts'
import type { VersionReference } from '../registry/index.ts'
import type { ModelPlace } from '../serving/index.ts'
import type { PlatformContext } from './create-platform.ts'
import { locateModel } from './locate-model.ts'

export type ExportRequest = {
  task: string
  /** The live one unless told. */
  version?: VersionReference
  /** The folder to write, which must not be there yet. */
  output: string
}

/** Writes a version as a whole model: what `capstan export` does. Throws ConflictError `platform.output-exists`. */
export async function exportModel(
  context: PlatformContext,
  { task, version, output }: ExportRequest,
): Promise<ModelVersion> {
  const target = resolve(output)
  if (existsSync(target)) {
    throw new ConflictError('platform.output-exists', `${target} is there already, and export replaces nothing`, {
      hint: 'Name a folder that does not exist, or remove that one.',
    })
  }
  const model = await context.registry.findModelVersion(task, version)
  const place = await locateModel(context, model)
  const draft = `${target}.${createId('draft')}`
  try {
    await writeFolder(draft, model, place)
    await rename(draft, target)
  } finally {
    // Gone where it took its place; of a failure nothing is left.
    await rm(draft, { recursive: true, force: true })
  }
  return model
}

async function writeFolder(target: string, { files }: ModelVersion, { folder, baseFolder }: ModelPlace): Promise<void> {
  await mkdir(join(target, 'onnx'), { recursive: true })
  for (const { path } of files.filter(({ path }) => !Object.values(adapterFiles).includes(path))) {
    await mkdir(dirname(join(target, path)), { recursive: true })
    await copyFile(join(folder, path), join(target, path))
    // The store's own are read-only.
    await chmod(join(target, path), 0o644)
  }
  if (baseFolder === undefined) return
  await writeModel(join(target, 'onnx', 'model.onnx'), await mergeModel(baseFolder, await loadAdapter(folder)))
}
