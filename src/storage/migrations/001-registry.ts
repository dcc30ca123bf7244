import { type Migration, sql } from 'kysely'

/** Tasks, runs and model versions. */
export const addRegistry: Migration = {
  async up(database) {
    await sql`
      create table tasks (
        name text primary key,
        created_at timestamptz not null
      )`.execute(database)
    await sql`
      create table runs (
        id text primary key,
        task text not null references tasks (name),
        kind text not null check (kind in ('train', 'compress', 'evaluate')),
        status text not null check (status in ('running', 'succeeded', 'failed', 'stopped')),
        seed bigint not null,
        settings jsonb not null,
        started_at timestamptz not null,
        finished_at timestamptz,
        error_code text,
        error_message text,
        wall_seconds double precision,
        cpu_seconds double precision,
        memory_bytes_peak bigint,
        check ((status = 'running') = (finished_at is null)),
        check ((error_code is null) = (error_message is null))
      )`.execute(database)
    await sql`create index runs_by_task on runs (task, started_at)`.execute(database)
    await sql`
      create table model_versions (
        id text primary key,
        task text not null references tasks (name),
        version integer not null check (version > 0),
        stage text not null check (stage in ('candidate', 'shadow', 'live', 'retired')),
        run text not null references runs (id),
        dataset_fingerprint text not null,
        base_name text not null,
        base_sha256 text not null,
        code_version text not null,
        metrics jsonb not null,
        size_bytes bigint not null,
        files jsonb not null,
        created_at timestamptz not null,
        unique (task, version)
      )`.execute(database)
    await sql`create unique index model_versions_one_live on model_versions (task) where stage = 'live'`.execute(
      database,
    )
  },
}
