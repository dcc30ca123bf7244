import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { InvalidInputError, NotFoundError } from '../base/index.ts'
import { type Config, configSchema } from '../contracts/index.ts'
import { listIssues, listLines, locateProblems, readYaml } from './read-yaml.ts'

export type ProjectConfig = {
  config: Config
  /** Where relative paths of the configuration begin. */
  folder: string
  /** Absolute path of the data folder. */
  storageFolder: string
}

export const configFileName = 'capstan.yaml'

/**
 * Reads `capstan.yaml` from the project folder; without the file every setting has its default. A mistake names its
 * line. `file` is a path that must exist.
 */
export async function readConfig({
  projectFolder,
  file,
}: {
  projectFolder: string
  file?: string | undefined
}): Promise<ProjectConfig> {
  const path = file ?? resolve(projectFolder, configFileName)
  if (!existsSync(path)) {
    if (file !== undefined) {
      throw new NotFoundError('config.not-found', `There is no configuration at ${path}`, {
        hint: `Leave the option out to use ${configFileName} or the defaults.`,
      })
    }
    return withFolder(configSchema.parse({}), projectFolder)
  }
  return withFolder(parseConfig(path, await readFile(path, 'utf8')), dirname(path))
}

function parseConfig(path: string, text: string): Config {
  const yaml = readYaml(text)
  const result = 'problems' in yaml ? undefined : configSchema.safeParse(yaml.data ?? {})
  if (result?.success) return result.data
  const problems = 'problems' in yaml ? yaml.problems : locateProblems(yaml, listIssues(result?.error?.issues ?? []))
  throw new InvalidInputError('config.invalid', `${path} is not a valid configuration:${listLines(problems)}`, {
    hint: 'docs/configuration.md describes every setting.',
    details: { path, problems },
  })
}

function withFolder(config: Config, projectFolder: string): ProjectConfig {
  return { config, folder: resolve(projectFolder), storageFolder: resolve(projectFolder, config.storage.folder) }
}
