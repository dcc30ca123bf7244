/** YAML whose mistakes are named with their line. */
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml'

/** What is wrong at a path of the data. `isKey`: the key itself is. */
export type PathProblem = { path: readonly PropertyKey[]; message: string; isKey?: boolean }
export type LineProblem = { line: number; message: string }

type Document = ReturnType<typeof parseDocument>

/** A file that is YAML. */
export type YamlFile = { data: unknown; document: Document; lineCounter: LineCounter }

/** Plain data with the place of each part, or what is no YAML. */
export function readYaml(text: string): YamlFile | { problems: LineProblem[] } {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter })
  if (document.errors.length === 0) return { data: document.toJS(), document, lineCounter }
  return { problems: document.errors.map(({ pos, message }) => ({ line: lineCounter.linePos(pos[0]).line, message })) }
}

/** Each problem with the line of its part, or of the nearest one above: a missing key has no line of its own. In their order. */
export function locateProblems({ document, lineCounter }: YamlFile, problems: readonly PathProblem[]): LineProblem[] {
  return problems
    .map(({ path, message, isKey }) => {
      const node = isKey ? findKey(document, path) : findNode(document, path)
      const line = node?.range ? lineCounter.linePos(node.range[0]).line : 1
      return { line, message: `${path.map(String).join('.') || 'the file'}: ${message}` }
    })
    .sort((a, b) => a.line - b.line)
}

export function listLines(problems: readonly LineProblem[]): string {
  return problems.map(({ line, message }) => `\n  line ${line}: ${message}`).join('')
}

type Issue = { path: PropertyKey[]; message: string; code?: string; keys?: string[] }

/** A schema reports all unknown keys of a mapping at once, at the mapping; each has a line of its own. */
export function listIssues(issues: readonly Issue[]): PathProblem[] {
  return issues.flatMap(({ path, message, code, keys }): PathProblem[] =>
    code === 'unrecognized_keys' && keys
      ? keys.map((key) => ({ path: [...path, key], message: 'is no setting', isKey: true }))
      : [{ path, message }],
  )
}

/** The key itself at the end of a path, which stands above or beside its value. */
function findKey(document: Document, path: readonly PropertyKey[]) {
  const mapping = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  const pair = isMap(mapping)
    ? mapping.items.find(({ key }) => isScalar(key) && String(key.value) === path.at(-1))
    : undefined
  return isScalar(pair?.key) ? pair.key : undefined
}

function findNode(
  document: Document,
  path: readonly PropertyKey[],
): { range?: [number, number, number] | null } | undefined {
  for (let length = path.length; length >= 0; length--) {
    const node = document.getIn(path.slice(0, length), true)
    if (node !== undefined && node !== null && typeof node === 'object')
      return node as { range?: [number, number, number] }
  }
  return undefined
}
