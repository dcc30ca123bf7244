import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml'
import { InvalidInputError, NotFoundError } from '../base/index.ts'
import { type Config, configSchema } from '../contracts/index.ts'

export type ProjectConfig = {
  config: Config
  /** Where relative paths of the configuration begin. */
  folder: string
  /** Absolute path of the data folder. */
  storageFolder: string
}

type ConfigIssue = NonNullable<ReturnType<typeof configSchema.safeParse>['error']>['issues'][number]

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
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter })
  const syntax = document.errors.map((error) => ({
    line: lineCounter.linePos(error.pos[0]).line,
    message: error.message,
  }))
  if (syntax.length > 0) throw badConfig(path, syntax)
  const result = configSchema.safeParse(document.toJS() ?? {})
  if (result.success) return result.data
  throw badConfig(
    path,
    result.error.issues.flatMap(splitUnknownKeys).map(({ path, message, isKey }) => {
      const node = isKey ? findKey(document, path) : findNode(document, path)
      const line = node?.range ? lineCounter.linePos(node.range[0]).line : 1
      return { line, message: `${path.join('.') || 'the file'}: ${message}` }
    }),
  )
}

/** The schema reports all unknown keys of a mapping at once, at the mapping; each has a line of its own. */
function splitUnknownKeys(issue: ConfigIssue): { path: PropertyKey[]; message: string; isKey: boolean }[] {
  if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, message: issue.message, isKey: false }]
  return issue.keys.map((key) => ({ path: [...issue.path, key], message: 'is no setting', isKey: true }))
}

/** The key itself at the end of a path, which stands above or beside its value. */
function findKey(document: ReturnType<typeof parseDocument>, path: readonly PropertyKey[]) {
  const mapping = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  const pair = isMap(mapping)
    ? mapping.items.find(({ key }) => isScalar(key) && String(key.value) === path.at(-1))
    : undefined
  return isScalar(pair?.key) ? pair.key : undefined
}

/** The node at a path, or the nearest one above it: a missing key has no line of its own. */
function findNode(
  document: ReturnType<typeof parseDocument>,
  path: readonly PropertyKey[],
): { range?: [number, number, number] | null } | undefined {
  for (let length = path.length; length >= 0; length--) {
    const node = document.getIn(path.slice(0, length), true)
    if (node !== undefined && node !== null && typeof node === 'object')
      return node as { range?: [number, number, number] }
  }
  return undefined
}

function badConfig(path: string, problems: { line: number; message: string }[]): InvalidInputError {
  const inOrder = [...problems].sort((a, b) => a.line - b.line)
  const list = inOrder.map(({ line, message }) => `\n  line ${line}: ${message}`).join('')
  return new InvalidInputError('config.invalid', `${path} is not a valid configuration:${list}`, {
    hint: 'docs/configuration.md describes every setting.',
    details: { path, problems: inOrder },
  })
}

function withFolder(config: Config, projectFolder: string): ProjectConfig {
  return { config, folder: resolve(projectFolder), storageFolder: resolve(projectFolder, config.storage.folder) }
}
