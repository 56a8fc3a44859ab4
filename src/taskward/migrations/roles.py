"""What a migration says beside its tables: the roles that work is done as, and the policies that hold them.

The text of a released function is part of released migrations: change a copy, not the function.
"""


def create_roles(*roles: str) -> str:
    """SQL that leaves roles which cannot log in, with the login as their member, or says what an administrator must do.

    Roles belong to the whole cluster: another database, or another migration at the same time, may make them too.
    """
    creating = " ".join(f"create role {role} nologin;" for role in roles)
    granting = f"grant {', '.join(roles)} to %I;"
    return "".join(create_role(role, by_hand=f"{creating} {granting}") for role in roles)


def create_role(role: str, *, by_hand: str) -> str:
    return f"""
do $$
begin
    if not exists (select from pg_roles where rolname = '{role}') then
        create role {role} nologin;
    end if;
exception
    when duplicate_object or unique_violation then
        null;
    when insufficient_privilege then
        raise exception using errcode = 'insufficient_privilege', message = format(
            'The login %I may not create roles; an administrator runs: {by_hand}', current_user, current_user);
end $$;
do $$
declare
    is_member boolean;
begin
    -- From PostgreSQL 16 on the creator of a role is its member without the right to become it.
    if current_setting('server_version_num')::int >= 160000 then
        is_member := pg_has_role(current_user, '{role}', 'SET');
    else
        is_member := pg_has_role(current_user, '{role}', 'MEMBER');
    end if;
    if not is_member then
        execute format('grant {role} to %I', current_user);
    end if;
exception
    when insufficient_privilege then
        raise exception using errcode = 'insufficient_privilege', message = format(
            'The login %I may not become the role {role}; an administrator runs: grant {role} to %I;',
            current_user, current_user);
end $$;
do $$
begin
    execute format('grant usage on schema %I to {role}', current_schema());
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
