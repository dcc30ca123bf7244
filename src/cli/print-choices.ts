import type { Choice } from '../contracts/index.ts'

const titles = { capstan: 'chosen', user: 'asked' }

/** A line for each reason, with all settings that have it; their names are those of the options. */
export function formatChoices(choices: readonly Choice[]): string[] {
  const groups = new Map<string, Choice[]>()
  for (const choice of choices) {
    const key = `${choice.by} ${choice.reason}`
    groups.set(key, [...(groups.get(key) ?? []), choice])
  }
  return [...groups.values()].map((group) => {
    const { by, reason } = group[0] as Choice
    return `${titles[by].padEnd(9)} ${group.map(formatSetting).join(', ')}: ${reason}`
  })
}

function formatSetting({ setting, value }: Choice): string {
  const name = setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  return `${name} ${Array.isArray(value) ? value.join(',') : value}`
}
