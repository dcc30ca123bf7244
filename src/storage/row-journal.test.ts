import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { openTestStore } from '../../test/open-test-store.ts'
import { openRowJournal } from './row-journal.ts'
import type { Statement } from './row-sets.ts'

const root = mkdtempSync(join(tmpdir(), 'capstan-journal-'))
let count = 0
let file = ''

beforeEach(() => {
  file = join(root, `journal-${++count}.jsonl`)
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const task = (name: string) => ({ tasks: [{ name, created_at: new Date(0).toISOString() }] })

/** Keeps the names of tasks that it is given. */
function keepNames(): { names: string[]; insert(statement: Statement): Promise<void> } {
  const names: string[] = []
  return {
    names,
    async insert({ values }) {
      names.push(...(JSON.parse(values[0] ?? '[]') as { name: string }[]).map(({ name }) => name))
    },
  }
}

it('gives what an earlier process left to the tables, and then forgets it', async () => {
  const killed = openRowJournal(file)
  for (const name of ['a', 'b']) killed.append(task(name))
  const { names, insert } = keepNames()
  const next = openRowJournal(file)
  next.append(task('c'))
  await next.flush(insert)
  await next.flush(insert)
  expect(names).toEqual(['a', 'b', 'c'])
  await openRowJournal(file).flush(insert)
  expect(names).toHaveLength(3)
})

it('cuts off the half line of a process that was killed while it wrote', async () => {
  openRowJournal(file).append(task('whole'))
  appendFileSync(file, '{"tasks":[{"na')
  const journal = openRowJournal(file)
  journal.append(task('next'))
  const { names, insert } = keepNames()
  await openRowJournal(file).flush(insert)
  expect(names).toEqual(['whole', 'next'])
})

it('keeps all rows where the database fails, and has them in its next process', async () => {
  const journal = openRowJournal(file)
  journal.append(task('kept'))
  const fail = () => Promise.reject(Object.assign(new Error('disk full'), { code: '53100' }))
  await expect(journal.flush(fail)).rejects.toThrow('disk full')
  const { names, insert } = keepNames()
  await openRowJournal(file).flush(insert)
  expect(names).toEqual(['kept'])
})

it('names the line that is none of its own', () => {
  writeFileSync(file, `${JSON.stringify(task('a'))}\nnot json\n`)
  expect(() => openRowJournal(file)).toThrow(
    expect.objectContaining({ code: 'storage.journal-damaged', message: expect.stringContaining(`${file}:2`) }),
  )
})

it('lays rows that a table refuses aside, and stores those beside them', async () => {
  const folder = join(root, 'refusing')
  const store = await openTestStore(folder)
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
  await store.append({ tasks: [{ name: 'no time', created_at: 'never' }] })
  await store.append(task('good'))
  expect(await store.database.selectFrom('tasks').select('name').execute()).toEqual([{ name: 'good' }])
  expect((await warned).message).toContain('journal.jsonl.refused')
  expect(readFileSync(join(folder, 'journal.jsonl.refused'), 'utf8')).toContain('no time')
  await store.close()
  expect(existsSync(join(folder, 'journal.jsonl'))).toBe(true)
})
