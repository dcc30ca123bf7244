import type { TaskKind } from '../../contracts/index.ts'
import type { Example } from '../../data/index.ts'
import type { TrainingSettings } from '../settings.ts'
import { createClassify } from './classify.ts'
import { createEmbed } from './embed.ts'
import { createMultilabel } from './multilabel.ts'
import { createOrdinal } from './ordinal.ts'
import { createRegress } from './regress.ts'
import { createTag } from './tag.ts'
import type { CreateTask, Task } from './task.ts'

const kinds: { [Kind in TaskKind]: CreateTask } = {
  classify: createClassify,
  multilabel: createMultilabel,
  regress: createRegress,
  ordinal: createOrdinal,
  tag: createTag,
  embed: createEmbed,
}

/** A task of this kind, as its training examples describe it. */
export function createTask(kind: TaskKind, train: readonly Example[], settings: TrainingSettings): Task {
  return kinds[kind](train, settings)
}
