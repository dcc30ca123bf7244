import { type Migration, sql } from 'kysely'

/** Learning curves: each row is a model that was trained to be measured, and not kept. */
export const addLearningPoints: Migration = {
  async up(database) {
    await sql`
      create table learning_points (
        run text primary key references runs (id),
        task text not null references tasks (name),
        recipe text not null,
        base text not null,
        labels integer not null check (labels > 0),
        seed bigint not null,
        score_name text not null,
        score double precision not null,
        score_low double precision not null,
        score_high double precision not null,
        test_examples integer not null check (test_examples > 0),
        parameters bigint not null,
        unique (task, recipe, labels, seed)
      )`.execute(database)
  },
}
