import { type Migration, sql } from 'kysely'

/** What is answered, what is learnt of it, and what the gate decides by. */
export const addFlywheel: Migration = {
  async up(database) {
    await sql`alter table model_versions add column promoted_at timestamptz`.execute(database)
    await sql`update model_versions set promoted_at = created_at where stage in ('live', 'retired')`.execute(database)
    await sql`
      create table predictions (
        id text primary key,
        task text not null,
        created_at timestamptz not null,
        input text,
        input_pair text,
        source text not null check (source in ('model', 'teacher', 'none')),
        answer jsonb,
        below_target boolean not null,
        reason text,
        model text references model_versions (id),
        model_answer jsonb,
        confidence double precision,
        accepted boolean not null,
        sampled boolean not null,
        teacher_answer jsonb,
        shadow text references model_versions (id),
        shadow_answer jsonb,
        ticket text,
        cost_micro bigint not null default 0,
        currency text,
        latency_ms double precision not null,
        caller text
      )`.execute(database)
    await sql`create index predictions_by_task on predictions (task, created_at)`.execute(database)
    await sql`create index predictions_by_ticket on predictions (ticket) where ticket is not null`.execute(database)
    await sql`
      create table feedback (
        id text primary key,
        prediction text not null references predictions (id),
        key text not null,
        payload_sha256 text not null,
        answer jsonb,
        correct boolean,
        rating double precision,
        outcome_micro bigint,
        currency text,
        caller text,
        created_at timestamptz not null,
        unique (prediction, key),
        check ((outcome_micro is null) = (currency is null))
      )`.execute(database)
    await sql`
      create table examples (
        id text primary key,
        task text not null,
        text_key text not null,
        text text not null,
        text_pair text,
        answer jsonb not null,
        source text not null check (source in ('teacher', 'human', 'feedback', 'imported')),
        provenance jsonb not null,
        representative boolean not null,
        prediction text references predictions (id),
        created_at timestamptz not null
      )`.execute(database)
    await sql`create index examples_by_prediction on examples (prediction)`.execute(database)
    await sql`create index examples_by_task on examples (task, created_at)`.execute(database)
    await sql`
      create table gates (
        model text primary key references model_versions (id),
        task text not null,
        temperature double precision not null,
        gate jsonb not null,
        out_of_scope jsonb,
        labels jsonb not null,
        target double precision not null,
        confidence double precision not null,
        audited integer not null default 0,
        agreed integer not null default 0,
        closed_at integer,
        closed_reason text,
        drift_looks integer not null default 0,
        created_at timestamptz not null
      )`.execute(database)
    await sql`
      create table calibration_scores (
        model text not null references model_versions (id),
        example text not null references examples (id),
        answer jsonb not null,
        score double precision not null,
        agrees boolean not null,
        representative boolean not null,
        probabilities jsonb,
        primary key (model, example)
      )`.execute(database)
    await sql`
      create table task_states (
        task text primary key,
        calibrate_since timestamptz,
        trained_examples integer not null default 0,
        trained_at timestamptz
      )`.execute(database)
    await sql`
      create table task_settings (
        task text primary key,
        settings jsonb not null,
        updated_at timestamptz not null
      )`.execute(database)
    await sql`
      create table teacher_budgets (
        task text not null,
        day date not null,
        taken_micro bigint not null,
        primary key (task, day)
      )`.execute(database)
    await sql`
      create table label_questions (
        id text primary key,
        task text not null,
        key text not null,
        text text not null,
        text_pair text,
        prediction text,
        created_at timestamptz not null,
        answer jsonb,
        answered_at timestamptz,
        unique (task, key)
      )`.execute(database)
    await sql`
      create table label_answers (
        question text not null references label_questions (id),
        annotator text not null,
        answer jsonb not null,
        created_at timestamptz not null,
        primary key (question, annotator)
      )`.execute(database)
    await sql`
      create table alerts (
        id text primary key,
        task text not null,
        kind text not null,
        message text not null,
        details jsonb not null,
        created_at timestamptz not null
      )`.execute(database)
  },
}
