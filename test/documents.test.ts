import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../src/base/index.ts'

const root = join(import.meta.dirname, '..')
const manifest = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
const files = ['.', 'architecture', 'benchmarks', 'docs', 'examples', 'models', 'scripts', 'src', 'test'].flatMap(
  listFiles,
)
const pages = files.filter((path) => path.endsWith('.md'))

describe('the README', () => {
  const readme = read('README.md')
  const commands = [...readme.matchAll(/^```\n([\s\S]*?)^```/gm)].flatMap((block) => (block[1] as string).split('\n'))

  it('shows npm commands that package.json has', () => {
    const named = commands.flatMap((line) =>
      [...line.matchAll(/npm (?:run )?([\w:]+)/g)].map((match) => match[1] as string),
    )
    expect(named).toEqual(expect.arrayContaining(['demo', 'test']))
    expect(named.filter((name) => !(name in manifest.scripts) && name !== 'ci')).toEqual([])
  })

  it('shows commands that capstan has', () => {
    const named = commands.flatMap((line) => /^capstan (\w+)/.exec(line)?.[1] ?? [])
    expect(named).toEqual(expect.arrayContaining(['train', 'evaluate', 'predict', 'serve', 'models']))
    const reference = read('docs/generated/cli.md')
    for (const name of named) expect(reference).toMatch(new RegExp(`capstan ${name}\\b`))
  })

  it('holds the test command where CI looks for it', () => {
    const [, marked] = readme.split('<!-- test-command -->')
    expect(/^npm .*$/m.exec(marked ?? '')?.[0]).toBe('npm ci && npm test')
    expect(read('.ci/run')).toContain('<!-- test-command -->')
  })
})

describe('the documents', () => {
  it('are found by links that start at the README', () => {
    const reached = new Set(['README.md'])
    for (const page of reached)
      for (const target of linksOf(page)) if (pages.includes(target.path)) reached.add(target.path)
    expect(pages.filter((page) => !reached.has(page))).toEqual([])
  })

  it.each(pages)('%s links to files and headings that exist', (page) => {
    const broken = linksOf(page).filter(
      ({ path, anchor }) => !existsSync(join(root, path)) || (anchor && !anchorsOf(path).includes(anchor)),
    )
    expect(broken).toEqual([])
  })

  it.each(pages)('%s names source files that exist', (page) => {
    const named = [...read(page).matchAll(/`(?:src\/)?([\w./-]+\.ts)`/g)].map((match) => match[1] as string)
    expect(named.filter((path) => !files.some((file) => `/${file}`.endsWith(`/${path}`)))).toEqual([])
  })

  it('are there where the sources name them', () => {
    const sources = files.filter((path) => /^(src|scripts|benchmarks)\/.*\.ts$/.test(path))
    const named = sources.flatMap((path) =>
      [...read(path).matchAll(/(?<![/\w])docs\/[\w./-]+\.md\b/g)].map(([page]) => page),
    )
    expect(named.filter((page) => !pages.includes(page))).toEqual([])
  })

  it.each([
    ['models/all-MiniLM-L6-v2', ['onnx/model.onnx']],
    ['examples/banking77', ['train.csv', 'test.csv']],
  ])('of %s give the checksums of the files beside them', (folder, paths) => {
    const page = read(join(folder, 'README.md'))
    const stated = [...page.matchAll(/`([\w./-]+\.(?:csv|onnx))`.*`([0-9a-f]{64})`/g)].map(([, path, sum]) => [
      path,
      sum,
    ])
    expect(stated).toEqual(paths.map((path) => [path, sha256(readFileSync(join(root, folder, path)))]))
  })

  it('keep the architecture to a page that is read', () => {
    expect(read('ARCHITECTURE.md').trimEnd().split('\n').length).toBeLessThanOrEqual(150)
  })

  it('number each decision once and link it from the architecture', () => {
    const decisions = pages.filter((page) => page.startsWith('docs/decisions/'))
    const numbers = decisions.map((page) => /\/(\d{3})-[a-z0-9-]+\.md$/.exec(page)?.[1])
    expect(numbers).toEqual([...new Set(numbers)])
    const linked = linksOf('ARCHITECTURE.md').map(({ path }) => path)
    expect(decisions.filter((page) => !linked.includes(page))).toEqual([])
  })
})

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** Paths from the root; of the root itself only its own files. */
function listFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: folder !== '.', withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort()
}

/** The links of a page to files of this project, as paths from the root. */
function linksOf(page: string): { path: string; anchor: string | undefined }[] {
  return [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].flatMap((match) => {
    const [target = '', anchor] = (match[1] as string).split('#')
    if (/^[a-z]+:/.test(target)) return []
    return [{ path: target === '' ? page : relative(root, join(root, dirname(page), target)), anchor }]
  })
}

/** Anchors of headings as GitHub makes them. */
function anchorsOf(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] as string)
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
