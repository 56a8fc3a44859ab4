"""What a migration says beside its tables: the roles that work is done as, and the policies that hold them.

The text of a released function is part of released migrations: change a copy, not the function.
"""


def create_roles(*roles: str) -> str:
    """SQL that leaves roles which cannot log in, with the login as their member, or says what an administrator must do.

    Roles belong to the whole cluster: another database, or another migration at the same time, may make them too.
    """
    creating = "; ".join(f"create role {role} nologin" for role in roles)
    granting = f"grant {', '.join(roles)} to %I"
    names = ", ".join(f"'{role}'" for role in roles)
    return f"""
do $$
declare
    role name;
    -- From PostgreSQL 16 on the creator of a role is its member without the right to become it.
    membership text := case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end;
begin
    foreach role in array array[{names}] loop
        begin
            if not exists (select from pg_roles where rolname = role) then
                execute format('create role %I nologin', role);
            end if;
        exception
            when duplicate_object or unique_violation then
                null;
            when insufficient_privilege then
                raise exception using errcode = 'insufficient_privilege', message = format(
                    'The login %I may not create roles; an administrator runs: {creating}; {granting};',
                    current_user, current_user);
        end;
        begin
            if not pg_has_role(current_user, role, membership) then
                execute format('grant %I to %I', role, current_user);
            end if;
        exception
            when unique_violation then
                null;
            when insufficient_privilege then
                raise exception using errcode = 'insufficient_privilege', message = format(
                    'The login %I may not become the roles that work is done as; an administrator runs: {granting};',
                    current_user, current_user);
        end;
        -- Without the right to grant this is a mere warning.
        execute format('grant usage on schema %I to %I', current_schema(), role);
        if not has_schema_privilege(role, current_schema(), 'usage') then
            raise exception using errcode = 'insufficient_privilege', message = format(
                'The login %I may not grant the use of the schema %I; an administrator runs: '
                'grant usage on schema %I to {", ".join(roles)};', current_user, current_schema(), current_schema());
        end if;
    end loop;
end $$;
"""


def force_policies(table: str) -> str:
    """SQL after which only the rows of `app.user_id` exist, also for the table's own owner."""
    return f"""
alter table {table} enable row level security;
alter table {table} force row level security;
-- an unset or empty setting is nobody
create policy own_rows on {table} to taskward_app
    using (owner_id = nullif(current_setting('app.user_id', true), ''))
    with check (owner_id = nullif(current_setting('app.user_id', true), ''));
"""
