/** Writes docs/generated/cli.md from the tables of commands. `--check` fails where the file is not as it would be written. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { OptionSpec } from '../src/cli/command.ts'
import { commands, globalOptions } from '../src/cli/options.ts'

const path = join(import.meta.dirname, '../docs/generated/cli.md')

function describeOptions(options: readonly OptionSpec[]): string {
  const rows = options.map(({ flags, description, choices, required }) => {
    const notes = [...(required ? ['required'] : []), ...(choices ? [choices.join(' or ')] : [])]
    return `| \`${flags}\` | ${description}${notes.length > 0 ? ` (${notes.join('; ')})` : ''} |`
  })
  return ['| option | meaning |', '| --- | --- |', ...rows].join('\n')
}

const sections = commands.map(({ name, summary, arguments: positionals = [], options = [], example }) =>
  [
    `## capstan ${[name, ...positionals.map((one) => one.name)].join(' ')}`,
    `${summary[0]?.toUpperCase()}${summary.slice(1)}.`,
    ...positionals.map((one) => `\`${one.name}\`: ${one.description}.`),
    ...(options.length > 0 ? [describeOptions(options)] : []),
    `\`\`\`\n${example}\n\`\`\``,
  ].join('\n\n'),
)

const page = `${[
  '# The command line',
  '<!-- made by `npm run docs` from src/cli/options.ts: do not edit -->',
  'Exit codes: 0 done, 1 failed, 2 bad usage or input, 130 stopped by Ctrl-C. Errors name what happened, the next step and a stable code ([errors](../errors.md)); with `--json` they are an object `{"error": {"code", "message", "hint"}}` on stdout.',
  '## Options of every command',
  describeOptions(globalOptions),
  ...sections,
].join('\n\n')}\n`

if (process.argv.includes('--check')) {
  const existing = readFileSync(path, 'utf8')
  if (existing !== page) {
    console.error(`${path} is stale: run npm run docs`)
    process.exit(1)
  }
} else {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, page)
}
