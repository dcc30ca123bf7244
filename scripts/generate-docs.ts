/** Writes the pages of docs/generated/ from the tables of the program. `--check` fails where one is not as it would be written. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeCommands } from './describe-commands.ts'
import { describeOperators } from './describe-operators.ts'
import { describeStepKernels } from './step-kernels.ts'

const folder = join(import.meta.dirname, '../docs/generated')
const pages = {
  'cli.md': describeCommands(),
  'operators.md': describeOperators(),
  'step-operators.md': describeStepKernels(),
}

mkdirSync(folder, { recursive: true })
for (const [name, content] of Object.entries(pages)) {
  const path = join(folder, name)
  const page = `${content}\n`
  if (!process.argv.includes('--check')) writeFileSync(path, page)
  else if (!existsSync(path) || readFileSync(path, 'utf8') !== page) {
    console.error(`${path} is stale: run npm run docs`)
    process.exitCode = 1
  }
}
