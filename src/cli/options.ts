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
const columns: OptionSpec[] = [
  { flags: '--text-column <name>', description: 'column of the texts; guessed from usual names if left out' },
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
    summary: 'train a model for a task on labelled texts (CSV, TSV, JSONL or CoNLL)',
    arguments: [{ name: '[data]', description: 'file with a text and a label in each row' }],
    options: [
      { ...onlyTask, description: task.description },
      kind,
      ...columns,
      { flags: '--test <file>', description: 'test on this file; without it a tenth of the data is held out' },
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
    name: 'evaluate',
    summary: 'measure a model on labelled texts',
    arguments: [{ name: '<data>', description: 'file with a text and its true label in each row' }],
    options: [task, version, ...columns, skipBadRows, device],
    example: 'capstan evaluate --task support test.csv',
    load: () => import('./commands/evaluate.ts'),
  },
  {
    name: 'predict',
    summary: 'answer texts with the live model of a task',
    arguments: [{ name: '[text...]', description: 'texts; without them, one a line is read from stdin' }],
    options: [
      task,
      { flags: '--pairs', kind: 'flag', description: 'two arguments a pair, or lines with a tab between two texts' },
      device,
    ],
    example: 'capstan predict --task support "my card has not arrived"',
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
