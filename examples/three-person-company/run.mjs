// From nothing to plan.pdf: books, trained and measured models, plan. Usage: node run.mjs [folder]
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createPlatform } from '../../dist/index.js'

const here = fileURLToPath(new URL('.', import.meta.url))
const capstan = join(here, '../../bin/capstan')
const project = resolve(process.argv[2] ?? 'three-person-company')

/** Questions that stand in for the e-mail of web shops, and how many of each are labelled. */
const intents = [
  'card_arrival',
  'card_not_working',
  'cancel_transfer',
  'exchange_rate',
  'lost_or_stolen_card',
  'Refund_not_showing_up',
  'request_refund',
  'wrong_amount_of_cash_received',
]
const labelsPerClass = 64

mkdirSync(project, { recursive: true })
for (const file of ['venture.yaml', 'capstan.yaml', 'survey.csv']) copyFileSync(join(here, file), join(project, file))
const data = writeRows('train.csv', choose('train.csv', labelsPerClass))
const test = writeRows('test.csv', choose('test.csv', Number.POSITIVE_INFINITY))
const platform = await createPlatform({ projectFolder: project })
let isTrained = false
try {
  await postBooks()
  isTrained = (await platform.listModels({ task: 'support' })).length > 0
} finally {
  await platform.close()
}
if (!isTrained) run('train', data, '--test', test, '--task', 'support', '--epochs', '6')
// What is measured already is not measured again.
run('curve', data, '--test', test, '--task', 'support', '--sizes', '60,120,240,480', '--seeds', '2', '--epochs', '6')
run('assess', '--out', join(project, 'assessment.html'))
for (const format of ['json', 'html', 'docx', 'pdf']) run('plan', '--out', join(project, `plan.${format}`))
console.log(`\n${join(project, 'plan.pdf')} is written, and the same plan as .docx, .html and .json beside it.`)

/** Every entry of ledger.json; posted again it changes nothing. */
async function postBooks() {
  for (const { key, date, description, postings } of JSON.parse(readFileSync(join(here, 'ledger.json'), 'utf8'))) {
    await platform.ledger.postEntry({
      source: 'three-person-company',
      key,
      eventTime: new Date(`${date}T12:00:00Z`),
      description,
      postings: Object.entries(postings).map(([account, amount]) => ({
        account,
        commodity: 'EUR',
        amountMicro: BigInt(amount.replace('.', '')) * 10_000n,
      })),
    })
  }
}

function choose(file, count) {
  // A row whose text goes over several lines is left out: a part of it has one quote too many.
  const lines = readFileSync(join(here, '../banking77', file), 'utf8')
    .split(/\r?\n/)
    .filter((line) => line.split('"').length % 2 === 1)
  return intents.flatMap((intent) => lines.filter((line) => line.endsWith(`,${intent}`)).slice(0, count))
}

function writeRows(name, rows) {
  const path = join(project, name)
  if (!existsSync(path)) writeFileSync(path, ['text,label', ...rows, ''].join('\n'))
  return path
}

function run(...words) {
  const { status } = spawnSync(process.execPath, [capstan, ...words, '--project', project], {
    stdio: ['ignore', words[0] === 'plan' && !words.includes(join(project, 'plan.pdf')) ? 'ignore' : 'inherit', 'inherit'],
  })
  if (status !== 0) process.exit(status ?? 1)
}
