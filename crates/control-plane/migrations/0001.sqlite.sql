-- The tables of the manager. Times are seconds since the Unix epoch, in UTC; ids and names are text as the API shows
-- them; a hash is the 32 bytes of a SHA-256; what is sealed is bytes that only the deployment's secret opens.
-- The other backend's file of the same number makes the same tables.

-- What belongs to the database as a whole: the text by which a wrong secret is noticed.
CREATE TABLE marks (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

-- The change log. Its numbers have no holes, and commits come in their order: whoever appends takes the next number
-- from the one row of `change_head` and so waits for whoever did before.
CREATE TABLE change_head (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    head INTEGER NOT NULL
) STRICT;
INSERT INTO change_head (id, head) VALUES (1, 0);
CREATE TABLE changes (
    id INTEGER NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    workspace TEXT,
    session_id TEXT,
    changed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    username TEXT NOT NULL UNIQUE,
    -- As it was given.
    email TEXT,
    -- In lower case, and only when it is known to be theirs: an address that nobody proved blocks nobody.
    verified_email TEXT UNIQUE,
    display_name TEXT NOT NULL,
    is_active INTEGER NOT NULL,
    is_administrator INTEGER NOT NULL,
    -- PHC string.
    password_hash TEXT,
    must_change_password INTEGER NOT NULL,
    sessions_valid_from INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    last_sign_in_at INTEGER
) STRICT;

CREATE TABLE upstream_identities (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    account TEXT NOT NULL REFERENCES accounts (id),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT;
CREATE INDEX upstream_identities_account ON upstream_identities (account);

CREATE TABLE workspaces (
    slug TEXT NOT NULL PRIMARY KEY,
    title TEXT NOT NULL,
    region TEXT NOT NULL,
    public_url TEXT,
    is_declared INTEGER NOT NULL,
    is_hibernated INTEGER NOT NULL,
    -- Sealed JSON of a `WorkspaceConnection`.
    connection BLOB,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE workspace_hosts (
    host TEXT NOT NULL PRIMARY KEY,
    workspace TEXT NOT NULL REFERENCES workspaces (slug) ON DELETE CASCADE
) STRICT;
CREATE INDEX workspace_hosts_workspace ON workspace_hosts (workspace);

-- Roles are numbers, wider ones greater: 1 viewer, 2 analyst, 3 editor, 4 admin.
CREATE TABLE memberships (
    workspace TEXT NOT NULL REFERENCES workspaces (slug) ON DELETE CASCADE,
    account TEXT NOT NULL REFERENCES accounts (id),
    role INTEGER NOT NULL CHECK (role BETWEEN 1 AND 4),
    -- The account's own name without.
    superset_username TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (workspace, account)
) STRICT;
CREATE INDEX memberships_account ON memberships (account);

CREATE TABLE teams (
    name TEXT NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE team_members (
    team TEXT NOT NULL REFERENCES teams (name) ON DELETE CASCADE,
    account TEXT NOT NULL REFERENCES accounts (id),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (team, account)
) STRICT;
CREATE INDEX team_members_account ON team_members (account);
CREATE TABLE team_workspaces (
    team TEXT NOT NULL REFERENCES teams (name) ON DELETE CASCADE,
    workspace TEXT NOT NULL REFERENCES workspaces (slug) ON DELETE CASCADE,
    role INTEGER NOT NULL CHECK (role BETWEEN 1 AND 4),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (team, workspace)
) STRICT;
CREATE INDEX team_workspaces_workspace ON team_workspaces (workspace);

CREATE TABLE invitations (
    id TEXT NOT NULL PRIMARY KEY,
    secret BLOB NOT NULL UNIQUE,
    email TEXT NOT NULL,
    workspace TEXT NOT NULL REFERENCES workspaces (slug) ON DELETE CASCADE,
    role INTEGER NOT NULL CHECK (role BETWEEN 1 AND 4),
    invited_by TEXT NOT NULL REFERENCES accounts (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX invitations_workspace ON invitations (workspace, expires_at);

CREATE TABLE clients (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    -- JSON of a `ClientMetadata`, and its name once more for lists.
    metadata TEXT NOT NULL,
    name TEXT NOT NULL,
    owner TEXT REFERENCES accounts (id),
    acts_as TEXT REFERENCES accounts (id),
    workspace TEXT,
    scopes TEXT NOT NULL,
    is_verified INTEGER NOT NULL,
    registration_token BLOB,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT;
CREATE INDEX clients_owner ON clients (owner);
CREATE INDEX clients_kind ON clients (kind, last_used_at);
CREATE TABLE client_secrets (
    id TEXT NOT NULL PRIMARY KEY,
    client TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    secret BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER
) STRICT;
CREATE INDEX client_secrets_client ON client_secrets (client);

-- Grants outlive their client and workspace, as a record of what was.
CREATE TABLE grants (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id),
    client TEXT NOT NULL,
    -- As they were when it began.
    client_name TEXT NOT NULL,
    client_kind TEXT NOT NULL,
    workspace TEXT NOT NULL,
    resource TEXT NOT NULL,
    scopes TEXT NOT NULL,
    is_offline INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    last_used_at INTEGER,
    address TEXT,
    ended_at INTEGER,
    end_reason TEXT
) STRICT;
CREATE INDEX grants_account ON grants (account, ended_at);
CREATE INDEX grants_client ON grants (client, ended_at);
CREATE INDEX grants_workspace ON grants (workspace, ended_at);
CREATE INDEX grants_expiry ON grants (expires_at);
CREATE TABLE refresh_tokens (
    secret BLOB NOT NULL PRIMARY KEY,
    grant_id TEXT NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    rotated_at INTEGER,
    successor BLOB,
    -- The successor, which the token itself unwraps; erased when it is of no more use.
    wrapped_successor TEXT,
    repeat_until INTEGER,
    repeats INTEGER NOT NULL
) STRICT;
CREATE INDEX refresh_tokens_grant ON refresh_tokens (grant_id);
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at);
CREATE INDEX refresh_tokens_wrapped ON refresh_tokens (grant_id, repeat_until) WHERE wrapped_successor IS NOT NULL;
-- Calls of a grant or API token; a day is the number of days since the Unix epoch.
CREATE TABLE grant_calls (
    grant_id TEXT NOT NULL,
    day INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    PRIMARY KEY (grant_id, day)
) STRICT;
CREATE INDEX grant_calls_day ON grant_calls (day);

CREATE TABLE api_tokens (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    workspace TEXT,
    secret BLOB NOT NULL UNIQUE,
    hint TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER,
    last_used_from TEXT,
    ended_at INTEGER
) STRICT;
CREATE INDEX api_tokens_account ON api_tokens (account, ended_at);

CREATE TABLE signing_keys (
    id TEXT NOT NULL PRIMARY KEY,
    algorithm TEXT NOT NULL,
    -- Sealed PKCS #8.
    private_key BLOB NOT NULL,
    public_jwk TEXT NOT NULL,
    signs_from INTEGER NOT NULL,
    published_until INTEGER
) STRICT;

-- `scope` is everywhere, percentage or workspace; `workspace` is empty but for the last.
CREATE TABLE flag_rules (
    flag TEXT NOT NULL,
    scope TEXT NOT NULL,
    workspace TEXT NOT NULL,
    value INTEGER NOT NULL,
    set_at INTEGER NOT NULL,
    PRIMARY KEY (flag, scope, workspace)
) STRICT;

-- `workspace` is empty for the deployment; `kind` is client or host; `teams` is a JSON list for the decision teams.
CREATE TABLE policy_rules (
    workspace TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    decision TEXT NOT NULL,
    teams TEXT,
    set_at INTEGER NOT NULL,
    PRIMARY KEY (workspace, kind, subject)
) STRICT;
CREATE TABLE unknown_clients (
    workspace TEXT NOT NULL PRIMARY KEY,
    need_approval INTEGER NOT NULL
) STRICT;

CREATE TABLE audit_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    happened_at INTEGER NOT NULL,
    action TEXT NOT NULL,
    account TEXT,
    client TEXT,
    workspace TEXT,
    address TEXT,
    outcome TEXT NOT NULL,
    detail TEXT
) STRICT;
CREATE INDEX audit_events_time ON audit_events (happened_at, id);
CREATE INDEX audit_events_account ON audit_events (account, happened_at, id);
CREATE INDEX audit_events_client ON audit_events (client, happened_at, id);
CREATE INDEX audit_events_workspace ON audit_events (workspace, happened_at, id);
