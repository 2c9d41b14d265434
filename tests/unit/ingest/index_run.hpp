#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "face/face_analyser.hpp"
#include "findme/config.hpp"
#include "findme/ingest.hpp"
#include "ingest/indexer.hpp"
#include "store/event_repository.hpp"
#include "support/test_database.hpp"

// One event in a database of its own, and runs over it.

namespace findme::testing {

/// Sees nobody, so that runs need no models.
class BlindDetector final : public face::Detector {
  public:
    [[nodiscard]] std::vector<face::Detection> detect(const Image&, face::Workspace&) const override {
        return {};
    }
};

/// Remembers all it hears.
class Listener : public IndexObserver {
  public:
    void on_item(const IndexItem& item) override { items.push_back(item); }
    void on_progress(const IndexProgress& progress_now) override { progress = progress_now; }
    [[nodiscard]] const IndexItem& item(const std::string& path) const {
        for (const auto& heard : items) {
            if (heard.path == path) return heard;
        }
        throw std::runtime_error("nothing was heard of " + path);
    }

    std::vector<IndexItem> items;
    IndexProgress progress;
};

class IndexRun {
  public:
    /// @param analyser  null: one that sees nobody.
    explicit IndexRun(std::shared_ptr<const face::FaceAnalyser> analyser = nullptr)
        : analyser_(analyser ? std::move(analyser)
                             : std::make_shared<face::FaceAnalyser>(std::make_unique<BlindDetector>(),
                                                                    nullptr, nullptr)) {
        event.name = "Party";
        event.code = "PARTY";
        event.created_at = clock.now();
        event.expires_at = clock.now() + std::chrono::days{90};
        event.id = store::EventRepository(*database.connect()).insert(event);
    }

    IndexSummary index(IndexRequest request, IndexObserver& observer) {
        request.event = event;
        return ingest::index_photos(request, {database.database(), analyser_.get(), clock, config, model},
                                    observer);
    }
    IndexSummary index(const std::vector<std::string>& paths, int jobs = 2) {
        listener = Listener();
        IndexRequest request;
        request.paths = paths;
        request.jobs = jobs;
        return index(std::move(request), listener);
    }

    /// Every row of every table but the history of migrations, in the order of its key, without times of
    /// writing.
    std::map<std::string, std::vector<std::string>> dump() {
        const auto connection = database.connect();
        std::vector<std::string> tables;
        connection->run(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
            {}, [&](const db::Row& row) { tables.push_back(row.text(0)); });
        std::map<std::string, std::vector<std::string>> all;
        for (const auto& table : tables) {
            if (table == "findme_schema_history") continue;  // It holds how long each step took.
            std::string columns;
            connection->run("SELECT name FROM pragma_table_info($1)", {db::Value(table)},
                            [&](const db::Row& row) {
                                const std::string name = row.text(0);
                                if (name == "indexed_at" || name == "updated_at" || name == "uploaded_at")
                                    return;
                                columns += (columns.empty() ? "" : " || '|' || ") + ("quote(" + name + ")");
                            });
            auto& rows = all[table];
            connection->run("SELECT " + columns + " FROM " + table + " ORDER BY 1", {},
                            [&](const db::Row& row) { rows.push_back(row.text(0)); });
        }
        return all;
    }
    std::int64_t count(const std::string& table) {
        std::int64_t found = -1;
        database.connect()->run("SELECT count(*) FROM " + table, {},
                                [&](const db::Row& row) { found = row.integer(0); });
        return found;
    }

    TestDatabase database{db::Dialect::sqlite};
    FixedClock clock;
    Config config;
    ModelId model = "test-model";
    Event event;
    Listener listener;  ///< Of the last run over paths.

  private:
    std::shared_ptr<const face::FaceAnalyser> analyser_;
};

}  // namespace findme::testing
