import { deviceSchema, taskKindSchema } from '../contracts/index.ts'
import type { CommandSpec, OptionSpec } from './command.ts'
import { ledgerCommands } from './ledger-commands.ts'
import { trainingOptions } from './training-options.ts'

const task: OptionSpec = {
  flags: '--task <name>',
  description: 'the task: lower-case letters, digits, - and _',
  required: true,
}
const version: OptionSpec = {
  flags: '--version <n>',
  kind: 'integer',
  min: 1,
  description: 'a version other than the live one',
}
const onlyTask: OptionSpec = { flags: '--task <name>', description: 'only this task' }
const textColumn: OptionSpec = {
  flags: '--text-column <name>',
  description: 'column of the texts; guessed from usual names if left out',
}
const columns: OptionSpec[] = [
  textColumn,
  {
    flags: '--label-column <name>',
    description: 'column of the labels, numbers or spans; guessed from usual names if left out',
  },
  { flags: '--pair-column <name>', description: 'column of second texts; to embed, of texts that match' },
  { flags: '--negative-column <name>', description: 'to embed, column of texts that do not match' },
  { flags: '--label-separator <text>', description: 'between the labels of a multilabel column (default: | and ;)' },
]
const kind: OptionSpec = {
  flags: '--kind <kind>',
  choices: taskKindSchema.options,
  description: 'what the model answers (default: classify, or what the file leaves no doubt about)',
}
const device: OptionSpec = {
  flags: '--device <name>',
  choices: deviceSchema.options,
  description: 'where the model runs (default: what capstan.yaml says, else cpu)',
}
const planFile: OptionSpec = {
  flags: '--plan <file>',
  description: 'the plan file (default: venture.yaml of the project)',
}
const queue: OptionSpec = {
  flags: '--queue',
  kind: 'flag',
  description: 'leave it to capstan worker, which finds files under the same paths, and print the id of the job',
}
const skipBadRows: OptionSpec = {
  flags: '--skip-bad-rows',
  kind: 'flag',
  description: 'leave rows with problems out, and say how many',
}

/** Options of every command. */
export const globalOptions: readonly OptionSpec[] = [
  { flags: '--json', kind: 'flag', description: 'print one JSON object on stdout; logs and progress go to stderr' },
  { flags: '--project <folder>', description: 'folder of capstan.yaml and the data folder (default: here)' },
  { flags: '--config <file>', description: 'another configuration file' },
  { flags: '--debug', kind: 'flag', description: 'show stack traces' },
]

export const commands: readonly CommandSpec[] = [
  {
    name: 'train',
    summary: 'train a model for a task on labelled texts (CSV, TSV, JSONL, Parquet or CoNLL)',
    arguments: [{ name: '[data]', description: 'file with a text and a label in each row' }],
    options: [
      { ...onlyTask, description: task.description },
      kind,
      ...columns,
      { flags: '--test <file>', description: 'test on this file; without it a tenth of the data is held out' },
      {
        flags: '--unlabelled <file>',
        description:
          'to classify: texts without labels, which a first model labels so that the second learns from more',
      },
      {
        flags: '--base <model>',
        description: 'a folder in transformers.js layout or a Hugging Face id (default: the bundled all-MiniLM-L6-v2)',
      },
      skipBadRows,
      {
        flags: '--promote',
        kind: 'flag',
        description: 'make the new version live (a task’s first version is live anyway)',
      },
      {
        flags: '--estimate',
        kind: 'flag',
        description: 'time a few steps and say what the run would take and cost, without training',
      },
      queue,
      {
        flags: '--resume [run]',
        description: 'go on with a run whose process was killed (default: the latest), without <data>',
      },
      {
        flags: '--checkpoint-seconds <n>',
        kind: 'number',
        min: 0,
        description: 'how often the run’s state is written down (default 120, and after each epoch)',
      },
      device,
      {
        flags: '--tensorboard <folder>',
        description: 'write event files that TensorBoard opens, in a sub-folder for the run',
      },
      ...Object.values<OptionSpec>(trainingOptions),
    ],
    example: 'capstan train tickets.csv --task support --text-column text --label-column label',
    load: () => import('./commands/train.ts'),
  },
  {
    name: 'curve',
    summary: 'measure how a task’s score grows with its labels, and how many more a target takes',
    arguments: [
      {
        name: '[data]',
        description: 'labelled file; without it, what the task has learnt from its teacher and people',
      },
    ],
    options: [
      task,
      kind,
      ...columns,
      { flags: '--test <file>', description: 'test on this file; without it a fifth of the data is held out' },
      {
        flags: '--sizes <labels>',
        kind: 'list',
        description: 'numbers of labels to train on, such as "250,500,1000,2000" (default: five, up to all there are)',
      },
      { flags: '--seeds <n>', kind: 'integer', min: 1, description: 'trainings of each size (default: 3)' },
      {
        flags: '--at <labels>',
        kind: 'list',
        description: 'numbers of labels to foresee (default: twice and four times the largest size)',
      },
      { flags: '--target <score>', kind: 'number', min: 0, description: 'score to be reached, such as 0.95' },
      {
        flags: '--bases <models>',
        kind: 'list',
        description: 'a curve for each of these base models (default: the bundled all-MiniLM-L6-v2)',
      },
      skipBadRows,
      device,
      queue,
      ...Object.entries<OptionSpec>(trainingOptions).flatMap(([name, option]) => (name === 'seed' ? [] : [option])),
    ],
    example: 'capstan curve tickets.csv --task support --target 0.95',
    load: () => import('./commands/curve.ts'),
  },
  {
    name: 'evaluate',
    summary: 'measure a model on labelled texts',
    arguments: [{ name: '<data>', description: 'file with a text and its true label in each row' }],
    options: [task, version, ...columns, skipBadRows, device],
    example: 'capstan evaluate --task support test.csv',
    load: () => import('./commands/evaluate.ts'),
  },
  {
    name: 'predict',
    summary: 'answer texts, or all rows of a file, with the live model of a task',
    arguments: [{ name: '[text...]', description: 'texts; without them, one a line is read from stdin' }],
    options: [
      task,
      { flags: '--pairs', kind: 'flag', description: 'two arguments a pair, or lines with a tab between two texts' },
      device,
      { flags: '--in <file>', description: 'answer every row of this file (CSV, TSV, JSONL, Parquet or CoNLL)' },
      { flags: '--out <file>', description: 'write the rows with their answers here (CSV, TSV, JSONL or Parquet)' },
      textColumn,
      { flags: '--pair-column <name>', description: 'column of second texts; guessed from usual names if left out' },
      { flags: '--scores <n>', kind: 'integer', min: 1, description: 'add a column with the n best labels and scores' },
      { flags: '--skip-bad', kind: 'flag', description: 'write rows that have no answer with the reason in a column' },
      { flags: '--prefix <text>', description: 'begin the names of the added columns with this' },
      { flags: '--resume', kind: 'flag', description: 'go on where a run into --out was killed or stopped' },
      queue,
      { ...version, description: 'answer a file with a version other than the live one' },
    ],
    example: 'capstan predict --task support --in tickets.parquet --out scored.parquet',
    load: () => import('./commands/predict.ts'),
  },
  {
    name: 'serve',
    summary: 'answer over HTTP: POST /v1/tasks/{task}/predictions',
    options: [
      { flags: '--host <address>', description: 'address to listen on (default: 127.0.0.1)' },
      {
        flags: '--port <n>',
        kind: 'integer',
        min: 0,
        below: 65_536,
        description: 'port to listen on, 0 for any (default: 8787)',
      },
      {
        flags: '--log-level <level>',
        choices: ['debug', 'info', 'warn', 'error'],
        description: 'what is logged (default: info)',
      },
      device,
    ],
    example: 'capstan serve --port 8787',
    load: () => import('./commands/serve.ts'),
  },
  {
    name: 'worker',
    summary: 'wait for queued jobs and do them; several workers and servers share a PostgreSQL server (DATABASE_URL)',
    options: [
      {
        flags: '--concurrency <n>',
        kind: 'integer',
        min: 1,
        description: 'jobs at once (default: 1, as one training uses every core)',
      },
      device,
    ],
    example: 'capstan train tickets.csv --task support --queue; capstan worker',
    load: () => import('./commands/worker.ts'),
  },
  {
    name: 'jobs',
    summary: 'list what was queued for workers, and what became of it',
    example: 'capstan jobs',
    load: () => import('./commands/jobs.ts'),
  },
  {
    name: 'models',
    summary: 'list model versions with metrics, size, cost and stage',
    options: [onlyTask],
    example: 'capstan models --task support',
    load: () => import('./commands/models.ts'),
  },
  {
    name: 'runs',
    summary: 'list runs, show one with its series, or compare several',
    arguments: [
      {
        name: '[run...]',
        description: 'ids of runs, or beginnings of ids that fit only one; without them all are listed',
      },
    ],
    options: [
      onlyTask,
      {
        flags: '--csv <file>',
        description: 'write the series of the named runs: run, step, name and value in each row',
      },
    ],
    example: 'capstan runs 01m853jp 01m853w2',
    load: () => import('./commands/runs.ts'),
  },
  {
    name: 'promote',
    summary: 'make a version of a task live; an older one to go back',
    arguments: [{ name: '<version>', description: 'number of the version' }],
    options: [task],
    example: 'capstan promote 2 --task support',
    load: () => import('./commands/promote.ts'),
  },
  {
    name: 'rollback',
    summary: 'make the version live that was so before the present one',
    options: [task],
    example: 'capstan rollback --task support',
    load: () => import('./commands/rollback.ts'),
  },
  {
    name: 'gate',
    summary: 'explain which requests a task’s own model answers, and how sure that is',
    options: [task],
    example: 'capstan gate --task support',
    load: () => import('./commands/gate.ts'),
  },
  {
    name: 'retrain',
    summary: 'train a task on what its teacher, people and feedback have said, and open its gate',
    options: [
      task,
      { flags: '--base <model>', description: 'base model (default: what capstan.yaml says, else the bundled one)' },
      { flags: '--epochs <n>', kind: 'integer', min: 1, description: 'passes over the examples' },
      { flags: '--seed <n>', kind: 'integer', min: 0, description: 'seed of all randomness (default: 1)' },
    ],
    example: 'capstan retrain --task support',
    load: () => import('./commands/retrain.ts'),
  },
  {
    name: 'import',
    summary: 'add labelled texts of a file to what a task learns from',
    arguments: [{ name: '<data>', description: 'file with a text and a label in each row' }],
    options: [
      task,
      ...columns.filter(({ flags }) => !flags.startsWith('--negative')),
      skipBadRows,
      {
        flags: '--representative',
        kind: 'flag',
        description: 'the texts were drawn as requests come: they may calibrate the gate',
      },
    ],
    example: 'capstan import answered-tickets.csv --task support --representative',
    load: () => import('./commands/import.ts'),
  },
  {
    name: 'feedback',
    summary: 'say what became of a prediction; a label becomes an example',
    arguments: [{ name: '<prediction>', description: 'id of the prediction' }],
    options: [
      { flags: '--label <label>', description: 'the right answer; several labels with | between them' },
      { flags: '--correct', kind: 'flag', description: 'the answer was right' },
      { flags: '--wrong', kind: 'flag', description: 'the answer was wrong' },
      { flags: '--rating <x>', kind: 'number', min: 0, description: 'how useful it was, from 0 to 1' },
      { flags: '--outcome <money>', description: 'what it earned or cost, such as "12.50 EUR"' },
      { flags: '--key <text>', description: 'the same key with the same content counts once (default: cli)' },
    ],
    example: 'capstan feedback prediction_01k9z5v7q2c3 --label card_arrival',
    load: () => import('./commands/feedback.ts'),
  },
  {
    name: 'label',
    summary: 'label texts in the terminal, choose which, or see how good the labels are',
    options: [
      task,
      { flags: '--annotator <name>', description: 'who labels (default: the user of this machine)' },
      {
        flags: '--choose <n>',
        kind: 'integer',
        min: 1,
        description: 'put the n requests that teach most into the queue',
      },
      { flags: '--list', kind: 'flag', description: 'show what waits, without asking' },
      { flags: '--limit <n>', kind: 'integer', min: 1, description: 'texts at once (default: 20)' },
      { flags: '--report', kind: 'flag', description: 'agreement of annotators, and labels that are likely wrong' },
    ],
    example: 'capstan label --task support',
    load: () => import('./commands/label.ts'),
  },
  ...ledgerCommands,
  {
    name: 'keys create',
    summary: 'make an API key for the server and show it, once',
    options: [
      { flags: '--name <text>', description: 'who or what it is for', required: true },
      { flags: '--task <name>', kind: 'list', description: 'a task it may ask, or several (default: all tasks)' },
      {
        flags: '--expires <time>',
        description: 'how long it is good, such as 90d, 12h or 30m (default: until revoked)',
      },
      {
        flags: '--rate <n/min>',
        description: 'requests that each server process takes in a minute (default: no limit)',
      },
    ],
    example: 'capstan keys create --name "web shop" --task support --expires 90d --rate 600/min',
    load: () => import('./commands/keys-create.ts'),
  },
  {
    name: 'keys list',
    summary: 'list API keys with what they may ask and until when',
    example: 'capstan keys list',
    load: () => import('./commands/keys-list.ts'),
  },
  {
    name: 'keys revoke',
    summary: 'end an API key: servers refuse it within five seconds',
    arguments: [{ name: '<id>', description: 'id of the key, as capstan keys list shows it' }],
    example: 'capstan keys revoke key_01m853jpvq8d5x0h2n4t6y8a1c',
    load: () => import('./commands/keys-revoke.ts'),
  },
  {
    name: 'audit',
    summary: 'show who made and revoked keys, promoted versions, gave feedback and labels',
    options: [
      { flags: '--limit <n>', kind: 'integer', min: 1, description: 'at most so many, newest first (default: 100)' },
    ],
    example: 'capstan audit --limit 20',
    load: () => import('./commands/audit.ts'),
  },
  {
    name: 'plan',
    summary: 'compute venture.yaml: allocation, forecast, raise and team; `plan init` writes one',
    arguments: [{ name: '[init]', description: 'write a plan file, filled from the ledger, instead of computing one' }],
    options: [
      planFile,
      { flags: '--scenario <name>', description: 'the plan with the changes of this scenario' },
      {
        flags: '--months <n>',
        kind: 'integer',
        min: 1,
        below: 121,
        description: 'months to look ahead (default: the plan’s)',
      },
      { flags: '--draws <n>', kind: 'integer', min: 1, description: 'draws of everything uncertain (default: 4096)' },
      { flags: '--seed <n>', kind: 'integer', min: 0, description: 'seed of all randomness (default: 1)' },
      { flags: '--out <file>', description: 'write the plan as .pdf, .docx, .html or .json' },
      { flags: '--yes', kind: 'flag', description: 'plan init: ask nothing, take defaults and the ledger’s figures' },
      { flags: '--currency <code>', description: 'plan init: currency of the plan (default: the ledger’s, else EUR)' },
    ],
    example: 'capstan plan --scenario careful --out plan.pdf',
    load: () => import('./commands/plan.ts'),
  },
  {
    name: 'assess',
    summary: 'judge a venture by the section `assess` of venture.yaml: market, price, feasibility, score',
    options: [
      planFile,
      { flags: '--draws <n>', kind: 'integer', min: 1, description: 'draws of everything uncertain (default: 4096)' },
      { flags: '--seed <n>', kind: 'integer', min: 0, description: 'seed of all randomness (default: 1)' },
      { flags: '--out <file>', description: 'write it as .pdf, .docx, .html or .json' },
    ],
    example: 'capstan assess --out market.html',
    load: () => import('./commands/assess.ts'),
  },
  {
    name: 'devices',
    summary: 'try every device and show which can be used, and what the others lack',
    example: 'capstan devices',
    load: () => import('./commands/devices.ts'),
  },
  {
    name: 'export',
    summary: 'write a version as a folder in transformers.js layout, an adapter merged into its base',
    options: [
      task,
      version,
      { flags: '--output <folder>', description: 'the folder to write; it must not be there yet', required: true },
    ],
    example: 'capstan export --task support --output support-model',
    load: () => import('./commands/export.ts'),
  },
  {
    name: 'demo',
    summary: 'train on 10,003 bundled questions of bank customers and show what comes out',
    options: [{ flags: '--full', kind: 'flag', description: 'show all 77 classes' }],
    example: 'capstan demo',
    load: () => import('./commands/demo.ts'),
  },
]
