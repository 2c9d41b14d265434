#pragma once

#include <cstddef>
#include <memory>

#include "db/connection.hpp"
#include "findme/clock.hpp"
#include "findme/ids.hpp"
#include "ops/doctor_check.hpp"

/// What `doctor` looks at in the rows of a database with the current schema.
namespace findme::ops {

/// What all of these checks work with.
struct Rows {
    std::shared_ptr<db::Database> database;
    db::Connection& connection;
    ModelId model;                  ///< Whose templates are compared.
    std::size_t template_size = 0;  ///< Numbers of one.
};

void check_templates(CheckRun& run, const Rows& rows);
/// Files of photos, a hundred thousand at most, and photos that were left half done.
void check_photos(CheckRun& run, const Rows& rows);
void check_orphans(CheckRun& run, const Rows& rows);
void check_retention(CheckRun& run, const Rows& rows);
void check_consents(CheckRun& run, const Rows& rows);
void check_tokens(CheckRun& run, const Rows& rows);
void check_audit(CheckRun& run, const Rows& rows);
void check_times(CheckRun& run, const Rows& rows);
/// Damage in an embedded database's file, and what of it is empty.
void check_file_content(CheckRun& run, const Rows& rows);

}  // namespace findme::ops
