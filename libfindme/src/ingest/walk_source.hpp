#pragma once

#include <optional>

#include "db/connection.hpp"
#include "findme/ingest.hpp"
#include "ingest/photo_source.hpp"
#include "ingest/photo_work.hpp"
#include "ingest/scanner.hpp"

namespace findme::ingest {

/// A file met on the walk, as far as it is known without reading it.
[[nodiscard]] PhotoWork work_of(ScanItem found);

/// The walk, with what the database knows of each path. Borrows request and database.
class WalkSource final : public PhotoSource {
  public:
    WalkSource(const IndexRequest& request, ModelId model, db::Database& database);

    [[nodiscard]] std::optional<PhotoWork> next() override;
    void measure(IndexProgress& progress) override { progress.total = total_; }
    [[nodiscard]] bool stopped() const override { return stopped_; }

  private:
    [[nodiscard]] bool is_unchanged(const PhotoWork& work);

    const IndexRequest& request_;
    ModelId model_;
    db::Database& database_;
    Scanner scanner_;
    std::int64_t total_;
    bool stopped_ = false;
};

}  // namespace findme::ingest
