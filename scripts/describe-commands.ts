/** The page of the command line, from the tables of commands. */
import type { OptionSpec } from '../src/cli/command.ts'
import { commands, globalOptions } from '../src/cli/options.ts'

/** Every command with its options and an example. */
export function describeCommands(): string {
  const sections = commands.map(({ name, summary, arguments: positionals = [], options = [], example }) =>
    [
      `## capstan ${[name, ...positionals.map((one) => one.name)].join(' ')}`,
      `${summary[0]?.toUpperCase()}${summary.slice(1)}.`,
      ...positionals.map((one) => `\`${one.name}\`: ${one.description}.`),
      ...(options.length > 0 ? [describeOptions(options)] : []),
      `\`\`\`\n${example}\n\`\`\``,
    ].join('\n\n'),
  )
  return [
    '# The command line',
    '<!-- made by `npm run docs` from src/cli/options.ts: do not edit -->',
    'Exit codes: 0 done, 1 failed, 2 bad usage or input, 130 stopped by Ctrl-C. Errors name what happened, the next step and a stable code ([errors](../errors.md)); with `--json` they are an object `{"error": {"code", "message", "hint"}}` on stdout.',
    '## Options of every command',
    describeOptions(globalOptions),
    ...sections,
  ].join('\n\n')
}

function describeOptions(options: readonly OptionSpec[]): string {
  const rows = options.map(({ flags, description, choices, required }) => {
    const notes = [...(required ? ['required'] : []), ...(choices ? [choices.join(' or ')] : [])]
    return `| \`${flags}\` | ${description}${notes.length > 0 ? ` (${notes.join('; ')})` : ''} |`
  })
  return ['| option | meaning |', '| --- | --- |', ...rows].join('\n')
}
