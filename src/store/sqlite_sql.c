#include "store/sqlite.h"

/* `number` is the order of arrival and the key the other tables use; `change`
 * is the store's change counter at the record's last change. Events lie in
 * the order in which they are read: a user's history is one run of pages;
 * `arrival` divides events of one time. The references are not enforced at
 * run time: events are inserted by looking both up, and nothing is deleted. */
const rk_migration rk_sqlite_migrations[] = {
    {.version = 1,
     .sql = "PRAGMA application_id = 1380668244;"
            "CREATE TABLE totals ("
            "  one INTEGER PRIMARY KEY CHECK (one = 1),"
            "  n_items INTEGER NOT NULL,"
            "  n_users INTEGER NOT NULL,"
            "  n_events INTEGER NOT NULL,"
            "  n_outputs INTEGER NOT NULL,"
            "  change INTEGER NOT NULL"
            ") STRICT;"
            "INSERT INTO totals VALUES (1, 0, 0, 0, 0, 0);"

            "CREATE TABLE items ("
            "  number INTEGER PRIMARY KEY,"
            "  id TEXT NOT NULL UNIQUE,"
            "  fields TEXT NOT NULL," /* a JSON object */
            "  change INTEGER NOT NULL"
            ") STRICT;"
            "CREATE INDEX items_by_change ON items (change);"

            "CREATE TABLE users ("
            "  number INTEGER PRIMARY KEY,"
            "  id TEXT NOT NULL UNIQUE,"
            "  fields TEXT NOT NULL,"
            "  change INTEGER NOT NULL"
            ") STRICT;"
            "CREATE INDEX users_by_change ON users (change);"

            "CREATE TABLE events ("
            "  user_number INTEGER NOT NULL REFERENCES users,"
            "  at_us INTEGER NOT NULL,"
            "  item_number INTEGER NOT NULL REFERENCES items,"
            "  type TEXT NOT NULL,"
            "  value REAL NOT NULL,"
            "  arrival INTEGER NOT NULL,"
            "  PRIMARY KEY (user_number, at_us, item_number, type)"
            ") STRICT, WITHOUT ROWID;"

            "CREATE TABLE outputs ("
            "  key TEXT NOT NULL PRIMARY KEY,"
            "  bytes BLOB NOT NULL"
            ") STRICT;"
            "CREATE TABLE notes ("
            "  name TEXT NOT NULL PRIMARY KEY,"
            "  value TEXT NOT NULL"
            ") STRICT, WITHOUT ROWID;"},
    {.version = 2,
     .sql = "CREATE TABLE ledger ("
            "  day INTEGER NOT NULL,"
            "  user TEXT NOT NULL," /* '': nobody's */
            "  model TEXT NOT NULL,"
            "  purpose TEXT NOT NULL,"
            "  calls INTEGER NOT NULL,"
            "  prefix_tokens INTEGER NOT NULL,"
            "  candidate_tokens INTEGER NOT NULL,"
            "  reused_tokens INTEGER NOT NULL,"
            "  generated_tokens INTEGER NOT NULL,"
            "  took_us INTEGER NOT NULL,"
            "  cost_micros INTEGER NOT NULL,"
            "  PRIMARY KEY (day, user, model, purpose)"
            ") STRICT, WITHOUT ROWID;"},
    {.version = 3,
     .sql = "CREATE TABLE token_edits ("
            "  version INTEGER PRIMARY KEY AUTOINCREMENT,"
            "  kind TEXT NOT NULL,"
            "  id TEXT NOT NULL,"
            "  token TEXT NOT NULL,"
            "  what TEXT NOT NULL,"
            "  other TEXT NOT NULL," /* '': none */
            "  weight REAL NOT NULL,"
            "  who TEXT NOT NULL,"
            "  at_us INTEGER NOT NULL"
            ") STRICT;"
            "CREATE INDEX token_edits_by_token"
            " ON token_edits (kind, id, token, version);"},
};

const size_t rk_sqlite_n_migrations = sizeof(rk_sqlite_migrations) /
                                      sizeof(*rk_sqlite_migrations);

/* Where a count has reached RK_LEDGER_MOST it stays. */
#define GROWS(count)                                                           \
    count " = min(" count " + excluded." count ", 9007199254740992)"

#define LEDGER_ADD                                                                                                      \
    "INSERT INTO ledger VALUES"                                                                                         \
    " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"                                                                   \
    " ON CONFLICT DO UPDATE SET " GROWS("calls") ", " GROWS("prefix_tokens") ", " GROWS("candidate_tokens") ", " GROWS( \
        "reused_tokens") ", " GROWS("generated_tokens") ", " GROWS("took_us") ", " GROWS("cost_micros")

#define LEDGER_SUMS                                                            \
    " ifnull(sum(calls), 0), ifnull(sum(prefix_tokens), 0),"                   \
    " ifnull(sum(candidate_tokens), 0), ifnull(sum(reused_tokens), 0),"        \
    " ifnull(sum(generated_tokens), 0), ifnull(sum(took_us), 0),"              \
    " ifnull(sum(cost_micros), 0), count(DISTINCT nullif(user, ''))"           \
    " FROM ledger"

/* What was asked for answers on one day: jobs' purposes have a colon. */
#define LEDGER_SUM                                                             \
    "SELECT ?1, '', ''," LEDGER_SUMS " WHERE day = ?1"                         \
    " AND instr(purpose, ':') = 0"

#define LEDGER_ALL                                                             \
    "SELECT day, model, purpose," LEDGER_SUMS " WHERE day >= ?1"               \
    " GROUP BY day, model, purpose ORDER BY day DESC, model, purpose"

#define EDITS                                                                  \
    "SELECT kind, id, token, what, other, weight, who, at_us, version"         \
    " FROM token_edits"

const char *const rk_sqlite_sql[N_SQL] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_TOTALS_GET] = "SELECT n_items, n_users, n_events, n_outputs, change"
                       " FROM totals",
    [SQL_TOTALS_PUT] = "UPDATE totals SET n_items = ?1, n_users = ?2,"
                       " n_events = ?3, n_outputs = ?4, change = ?5",

    [SQL_ITEM_GET] = "SELECT id, fields FROM items WHERE id = ?1",
    [SQL_USER_GET] = "SELECT id, fields FROM users WHERE id = ?1",
    [SQL_ITEM_STATE] = "SELECT fields = ?2 FROM items WHERE id = ?1",
    [SQL_USER_STATE] = "SELECT fields = ?2 FROM users WHERE id = ?1",
    [SQL_ITEM_INSERT] = "INSERT INTO items (id, fields, change)"
                        " VALUES (?1, ?2, ?3)",
    [SQL_USER_INSERT] = "INSERT INTO users (id, fields, change)"
                        " VALUES (?1, ?2, ?3)",
    [SQL_ITEM_UPDATE] = "UPDATE items SET fields = ?2, change = ?3"
                        " WHERE id = ?1",
    [SQL_USER_UPDATE] = "UPDATE users SET fields = ?2, change = ?3"
                        " WHERE id = ?1",
    [SQL_ITEMS_ALL] = "SELECT id, fields FROM items ORDER BY number",
    [SQL_USERS_ALL] = "SELECT id, fields FROM users ORDER BY number",
    [SQL_ITEMS_SINCE] = "SELECT id, fields FROM items"
                        " INDEXED BY items_by_change"
                        " WHERE change > ?1 ORDER BY number",
    [SQL_USERS_SINCE] = "SELECT id, fields FROM users"
                        " INDEXED BY users_by_change"
                        " WHERE change > ?1 ORDER BY number",

    [SQL_EVENT_STATE] =
        "SELECT value = ?5 FROM events"
        " WHERE user_number = (SELECT number FROM users WHERE id = ?1)"
        " AND item_number = (SELECT number FROM items WHERE id = ?2)"
        " AND type = ?3 AND at_us = ?4",
    [SQL_EVENT_INSERT] = "INSERT INTO events (user_number, at_us, item_number,"
                         " type, value, arrival)"
                         " SELECT users.number, ?4, items.number, ?3, ?5, ?6"
                         " FROM users, items"
                         " WHERE users.id = ?1 AND items.id = ?2"
                         " ON CONFLICT DO NOTHING",
    [SQL_EVENT_UPDATE] =
        "UPDATE events SET value = ?5"
        " WHERE user_number = (SELECT number FROM users WHERE id = ?1)"
        " AND item_number = (SELECT number FROM items WHERE id = ?2)"
        " AND type = ?3 AND at_us = ?4",
    [SQL_EVENTS_ALL] = "SELECT users.id, items.id, type, value, at_us"
                       " FROM events"
                       " CROSS JOIN users ON users.number = user_number"
                       " CROSS JOIN items ON items.number = item_number"
                       " ORDER BY user_number, at_us, arrival",
    [SQL_EVENTS_OF_USER] = "SELECT users.id, items.id, type, value, at_us"
                           " FROM users"
                           " CROSS JOIN events ON user_number = users.number"
                           " CROSS JOIN items ON items.number = item_number"
                           " WHERE users.id = ?1"
                           " ORDER BY at_us, arrival",

    [SQL_OUTPUT_INSERT] = "INSERT INTO outputs (key, bytes) VALUES (?1, ?2)"
                          " ON CONFLICT DO NOTHING",
    [SQL_OUTPUT_UPDATE] = "UPDATE outputs SET bytes = ?2 WHERE key = ?1"
                          " AND bytes <> ?2",
    [SQL_OUTPUT_GET] = "SELECT bytes FROM outputs WHERE key = ?1",
    /* Without a row number of its own a table counts rows as they come. */
    [SQL_OUTPUT_PRUNE] = "DELETE FROM outputs WHERE key >= ?1"
                         " AND key < ?1 || char(1114111)"
                         " AND rowid <= (SELECT rowid FROM outputs"
                         " WHERE key >= ?1 AND key < ?1 || char(1114111)"
                         " ORDER BY rowid DESC LIMIT 1 OFFSET ?2)",
    [SQL_NOTE_PUT] = "INSERT INTO notes (name, value) VALUES (?1, ?2)"
                     " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
                     " WHERE value <> excluded.value",
    [SQL_NOTE_GET] = "SELECT value FROM notes WHERE name = ?1",

    [SQL_LEDGER_ADD] = LEDGER_ADD,
    [SQL_LEDGER_SUM] = LEDGER_SUM,
    [SQL_LEDGER_SUM_OF_USER] = LEDGER_SUM " AND user = ?2",
    [SQL_LEDGER_ALL] = LEDGER_ALL,
    [SQL_LEDGER_PRUNE] = "DELETE FROM ledger WHERE day < ?1",

    [SQL_EDIT_ADD] = "INSERT INTO token_edits (kind, id, token, what, other,"
                     " weight, who, at_us)"
                     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [SQL_EDITS_VERSION] = "SELECT ifnull(max(version), 0) FROM token_edits",
    [SQL_EDITS_ALL] = EDITS " ORDER BY version",
    [SQL_EDITS_LATEST] = EDITS " WHERE version IN (SELECT max(version)"
                               " FROM token_edits GROUP BY kind, id, token)"
                               " ORDER BY kind, id, token",
};
