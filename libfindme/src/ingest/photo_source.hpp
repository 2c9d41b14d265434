#pragma once

#include <optional>

#include "db/connection.hpp"
#include "findme/ingest.hpp"
#include "ingest/photo_work.hpp"
#include "ingest/scanner.hpp"

namespace findme::ingest {

/// The walk, with what the database knows of each path. Borrows request and database; one thread at a time.
class PhotoSource {
  public:
    PhotoSource(const IndexRequest& request, ModelId model, db::Database& database);

    /// @return the next photo; nothing at the end of the walk, and once the request's stop was asked for.
    /// @errors throws Error{store_*}, and what Scanner throws.
    [[nodiscard]] std::optional<PhotoWork> next();
    [[nodiscard]] bool stopped() const { return stopped_; }

  private:
    [[nodiscard]] bool is_unchanged(const PhotoWork& work);

    const IndexRequest& request_;
    ModelId model_;
    db::Database& database_;
    Scanner scanner_;
    bool stopped_ = false;
};

}  // namespace findme::ingest
