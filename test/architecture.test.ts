import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const layers = readJson<Record<string, string[]>>('architecture/layers.json')
const owners = readJson<Record<string, string[]>>('architecture/dependency-owners.json')
const manifest = readJson<{ dependencies: Record<string, string> }>('package.json')
const sources = listSources(join(root, 'src'))
const imports = sources.flatMap((file) => importsOf(file).map((specifier) => ({ file, specifier })))

describe('the layers', () => {
  it('have a row for every folder of src', () => {
    expect(folders()).toEqual(Object.keys(layers).sort())
  })

  it('form no cycle: a folder imports only folders above its own row', () => {
    const rows = Object.keys(layers)
    for (const [folder, allowed] of Object.entries(layers)) {
      for (const target of allowed)
        expect(rows.indexOf(target), `${folder} → ${target}`).toBeLessThan(rows.indexOf(folder))
    }
  })

  it('are kept: imports go only to allowed folders, through their index.ts', () => {
    const wrong = imports.flatMap(({ file, specifier }) => {
      if (!specifier.startsWith('.')) return []
      const from = folderOf(file)
      const target = relative(join(root, 'src'), join(file, '..', specifier))
      const to = target.split('/')[0] as string
      if (from === to || (!target.includes('/') && from === 'index.ts')) return []
      const allowed = from === 'index.ts' ? Object.keys(layers) : [...(layers[from] ?? []), 'base']
      // A test may reach any folder's door, and what tests share: it stands outside of the program.
      const isTest = file.endsWith('.test.ts')
      if (isTest && target.startsWith('../test/')) return []
      if ((isTest || allowed.includes(to)) && target === `${to}/index.ts`) return []
      return [`${relative(root, file)} imports ${target}`]
    })
    expect(wrong).toEqual([])
  })
})

describe('foreign dependencies', () => {
  it('are each imported only by the folders that own them', () => {
    const wrong = imports.flatMap(({ file, specifier }) => {
      if (specifier.startsWith('.') || specifier.startsWith('node:') || file.endsWith('.test.ts')) return []
      const name = specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/')
      expect(builtinModules, `${file}: write node:${name}`).not.toContain(name)
      return owners[name]?.includes(folderOf(file)) ? [] : [`${relative(root, file)} imports ${name}`]
    })
    expect(wrong).toEqual([])
  })

  it('are the ones of package.json, each with a line in docs/dependencies.md', () => {
    expect(Object.keys(owners).sort()).toEqual(Object.keys(manifest.dependencies).sort())
    const page = readFileSync(join(root, 'docs/dependencies.md'), 'utf8')
    for (const name of Object.keys(owners)) expect(page).toContain(`\`${name}\``)
  })
})

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(join(root, path), 'utf8')) as T
}

function listSources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => join(folder, path))
}

function folders(): string[] {
  return readdirSync(join(root, 'src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
}

function folderOf(file: string): string {
  return relative(join(root, 'src'), file).split('/')[0] as string
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  return [
    ...text.matchAll(
      /(?:^|\n)\s*(?:import|export)\s[^'";]*?from\s+'([^']+)'|import\(\s*'([^']+)'\s*\)|(?:^|\n)import\s+'([^']+)'/g,
    ),
  ].map((match) => (match[1] ?? match[2] ?? match[3]) as string)
}
