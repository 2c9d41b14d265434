#pragma once

#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "db/connection.hpp"
#include "findme/migrate.hpp"
#include "store/erasure_repository.hpp"
#include "store/references.hpp"
#include "support/resources.hpp"
#include "support/test_database.hpp"

// A guest, an event and a photo, and a row of theirs in every table that refers to them, whatever tables
// there are.

namespace findme::testing {

/// Makes rows of tables it knows nothing of but what the catalog says.
class RowMaker {
  public:
    RowMaker(db::Connection& connection, std::map<std::string, std::int64_t> known)
        : connection_(connection), ids_(std::move(known)) {}

    /// The id of this world's row, made when there is none; tables without an id give 0.
    std::int64_t row_of(const std::string& table) {
        if (const auto known = ids_.find(table); known != ids_.end()) return known->second;
        ids_[table] = 0;  // Whoever comes round in a circle finds nothing to refer to.
        std::string names;
        std::string places;
        std::vector<db::Value> values;
        for (const auto& column : columns_of(table)) {
            const auto parent = parents(table).find(column.name);
            db::Value value;
            if (parent != parents(table).end()) {
                value = row_of(parent->second);
            } else if (column.may_be_left_out) {
                continue;
            } else {
                value = some_value(table, column);
            }
            values.push_back(std::move(value));
            names += (names.empty() ? "" : ", ") + store::quoted_identifier(column.name);
            places += (places.empty() ? "$" : ", $") + std::to_string(values.size());
        }
        const bool has_id = table != "photo_models" && table != "face_templates";
        connection_.run("INSERT INTO " + store::quoted_identifier(table) + " (" + names + ") VALUES (" +
                            places + ")" + (has_id ? " RETURNING id" : ""),
                        values, [&](const db::Row& row) { ids_[table] = row.integer(0); });
        return ids_[table];
    }

  private:
    struct Column {
        std::string name;
        std::string type;
        bool may_be_left_out = false;
    };

    std::vector<Column> columns_of(const std::string& table) {
        const bool sqlite = connection_.dialect() == db::Dialect::sqlite;
        std::vector<Column> columns;
        connection_.run(
            sqlite ? "SELECT name, lower(type), \"notnull\" = 0 OR dflt_value IS NOT NULL OR name = 'id'"
                     " FROM pragma_table_info($1)"
                   : "SELECT CAST(column_name AS TEXT), CAST(udt_name AS TEXT), is_nullable = 'YES'"
                     " OR column_default IS NOT NULL OR is_identity = 'YES'"
                     " FROM information_schema.columns"
                     " WHERE table_schema = current_schema() AND table_name = $1",
            {table}, [&](const db::Row& row) {
                columns.push_back({row.text(0), row.text(1), row.integer(2) != 0});
            });
        REQUIRE_FALSE(columns.empty());
        return columns;
    }

    /// Column -> the table it refers to.
    const std::map<std::string, std::string>& parents(const std::string& table) {
        if (parents_.empty()) {
            for (const auto* target : {"users", "events", "photos", "faces", "consents",
                                       "gdrive_integrations", "local_watchers"}) {
                for (const auto& reference : store::references_to(connection_, target))
                    parents_[reference.table][reference.column] = target;
            }
        }
        return parents_[table];
    }

    db::Value some_value(const std::string& table, const Column& column) const {
        const auto holds = [&](const char* word) { return column.type.find(word) != std::string::npos; };
        if (table == "photos" && column.name == "photo_type") return "uploaded";
        if (table == "photos" && column.name == "processing_status") return "DONE";
        if (holds("int") || holds("bool")) return std::int64_t{1};
        if (holds("real") || holds("float")) return 0.5;
        if (holds("bytea") || holds("blob"))
            return db::Bytes{static_cast<std::uint8_t>(ids_.at("users")), 2, 3};
        const bool time = holds("timestamp") || column.name.ends_with("_at");
        if (time) return "2026-06-20T12:00:00.000Z";
        return "text of " + std::to_string(ids_.at("users"));
    }

    db::Connection& connection_;
    std::map<std::string, std::int64_t> ids_;
    std::map<std::string, std::map<std::string, std::string>> parents_;
};

/// One guest of one event, also its photographer, on one photo; and a row in every table that refers to them.
struct World {
    World(db::Connection& connection, const std::string& name) {
        const auto take = [](std::int64_t& id) { return [&id](const db::Row& row) { id = row.integer(0); }; };
        connection.run("INSERT INTO events (name, event_code) VALUES ($1, $1) RETURNING id", {name},
                       take(event));
        connection.run(
            "INSERT INTO users (username, email, hashed_password, user_type, event_id, is_active, "
            "selfie_data)"
            " VALUES ($1, $1, 'x', 'user', $2, $3, $4) RETURNING id",
            {name, event, std::int64_t{1}, db::Bytes{1, 2, 3}}, take(user));
        connection.run("UPDATE events SET photographer_id = $2 WHERE id = $1", {event, user});
        for (const char* type : {"selfie", "uploaded"}) {
            connection.run(
                "INSERT INTO photos (filename, file_path, photo_type, processing_status, is_indexed, user_id,"
                " photographer_id, event_id) VALUES ('x', 'x', $1, 'DONE', $2, $3, $3, $4) RETURNING id",
                {std::string(type), std::int64_t{1}, user, event}, take(photo));
            if (selfie_photo == 0) selfie_photo = photo;
        }
        RowMaker rows(connection, {{"users", user}, {"events", event}, {"photos", photo}});
        for (const auto* target : {"users", "events", "photos"}) {
            for (const auto& reference : store::references_to(connection, target))
                rows.row_of(reference.table);
        }
    }

    std::int64_t event = 0;
    std::int64_t user = 0;
    std::int64_t photo = 0;
    std::int64_t selfie_photo = 0;
};

/// `table.column` -> rows that refer to an id.
inline std::map<std::string, std::int64_t> rows_about(db::Connection& connection, const std::string& target,
                                                      std::int64_t id) {
    std::map<std::string, std::int64_t> rows;
    for (const auto& reference : store::references_to(connection, target))
        rows[reference.table + "." + reference.column] = store::count_rows(connection, reference, id);
    rows[target + ".id"] = store::count_rows(connection, {target, "id", "", true}, id);
    return rows;
}

/// A database to erase in: the current schema, or what adopting a release of the service makes of its own.
struct Setting {
    db::Dialect dialect = db::Dialect::sqlite;
    std::string release;
};

inline std::vector<Setting> settings() {
    std::vector<Setting> all;
    for (const auto dialect : available_databases()) all.push_back({dialect, ""});
    for (const auto dialect : available_postgresql()) {
        all.push_back({dialect, "v87"});
        all.push_back({dialect, "v88"});
    }
    return all;
}

inline void adopt(TestDatabase& database, const std::string& release) {
    database.connect()->run_script(testing::service_dump(release));
    Config config;
    config.database_url = database.url();
    MigrationObserver silent;
    Migrator(config, "", MigratorOptions{}).adopt(silent);
}

struct Place {
    explicit Place(const Setting& setting)
        : database(setting.dialect, setting.release.empty() ? Schema::current : Schema::none) {
        if (!setting.release.empty()) adopt(database, setting.release);
        connection = database.connect();
    }

    /// One erasure as the services do it: a transaction, then the proof.
    ErasureReceipt erase(const std::function<store::Erasure(store::ErasureRepository&)>& work) {
        store::ErasureRepository erasures(*connection);
        db::Transaction transaction(*connection, db::Access::write);
        const store::Erasure erasure = work(erasures);
        transaction.commit();
        return erasures.prove(erasure);
    }
    ErasureReceipt remove_account(std::int64_t id) {
        return erase(
            [&](store::ErasureRepository& erasures) { return erasures.remove_account(AccountId{id}); });
    }
    ErasureReceipt remove_event(std::int64_t id) {
        return erase([&](store::ErasureRepository& erasures) { return erasures.remove_event(EventId{id}); });
    }
    ErasureReceipt purge(std::int64_t id, const std::vector<EventId>& unexpired = {}) {
        return erase(
            [&](store::ErasureRepository& erasures) { return erasures.purge(EventId{id}, unexpired); });
    }
    std::int64_t number(const std::string& sql) {
        std::int64_t value = -1;
        connection->run(sql, {}, [&](const db::Row& row) { value = row.integer(0); });
        return value;
    }

    TestDatabase database;
    std::shared_ptr<db::Connection> connection;
};

inline std::int64_t found_in(const ErasureReceipt& receipt, const std::string& table) {
    for (const auto& entry : receipt.tables) {
        if (entry.table == table) return entry.found;
    }
    return -1;
}

}  // namespace findme::testing
