// Making an empty database (initdb) needs about 0.9 GB for some seconds, and WebAssembly memory is never given back.
// So a short-lived child process makes it, and this process only ever opens a finished one, which takes about 0.13 GB.
import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { CapstanError, createId } from '../base/index.ts'

const pglitePath = createRequire(import.meta.url).resolve('@electric-sql/pglite')
const childProgram = `
  const [, url, folder] = process.argv
  const { PGlite } = await import(url)
  const database = await PGlite.create(folder)
  await database.close()`

/**
 * Makes an empty database in `folder`, whole or not at all. With `templateFolder` it is made there once for each version
 * of PGlite and copied from then on: 0.1 s in place of 4.
 */
export async function createDatabase(folder: string, options: { templateFolder?: string } = {}): Promise<void> {
  if (options.templateFolder === undefined) return placeWhole(folder, initialise)
  const template = join(options.templateFolder, `pglite-${await readPgliteVersion()}`)
  if (!existsSync(template)) await placeWhole(template, initialise)
  await placeWhole(folder, async (temporary) => cpSync(template, temporary, { recursive: true }))
}

/** Fills a folder beside the target and renames it; a crash leaves only a folder whose name says `incoming`. */
async function placeWhole(target: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const temporary = `${target}.${createId('incoming')}`
  mkdirSync(dirname(target), { recursive: true })
  try {
    await fill(temporary)
    renameSync(temporary, target)
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true })
    // Another process that shares the template was faster; its result is as good.
    if (!existsSync(target)) throw error
  }
}

async function initialise(folder: string): Promise<void> {
  const program = ['--input-type=module', '--eval', childProgram, pathToFileURL(pglitePath).href, folder]
  try {
    await promisify(execFile)(process.execPath, program)
  } catch (error) {
    throw new CapstanError('storage.create-failed', `No database could be made in ${folder}.`, {
      hint: 'Check that the folder is writable and that 1 GB of memory and 100 MB of disk are free.',
      cause: error,
    })
  }
}

async function readPgliteVersion(): Promise<string> {
  const manifest = await readFile(join(dirname(pglitePath), '..', 'package.json'), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
