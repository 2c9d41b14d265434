#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/connection.hpp"

namespace findme::store {

/// What a health check asks of a schema, whoever made it and however old it is.
struct HealthFacts {
    std::int64_t schema_version = 0;  ///< The highest step applied; 0 for none.
    bool schema_current = false;      ///< Every step this binary knows, and no other.
    bool has_event_id = false;        ///< The column users.event_id.
    /// Of users_email_event_unique and users_username_event_unique those that hold: unique and valid.
    std::vector<std::string> event_rules;
    /// Of users_email_key, users_username_key, ix_users_email and ix_users_username those that are left.
    std::vector<std::string> old_rules;
};

[[nodiscard]] HealthFacts read_health_facts(db::Connection& connection);

/// Nothing for a table that is not there. On a server, where reading a large table would take long, they are
/// its own estimates from a hundred thousand rows on.
struct RowCounts {
    std::optional<std::int64_t> users;
    std::optional<std::int64_t> events;
    std::optional<std::int64_t> photos;
    std::optional<std::int64_t> faces;
};

[[nodiscard]] RowCounts count_rows(db::Connection& connection);

struct SampleUser {
    std::string username;
    std::optional<std::int64_t> event_id;
};

/// The account with the lowest id, if there is any.
[[nodiscard]] std::optional<SampleUser> sample_user(db::Connection& connection);

/// Has the database answer something that it cannot know without its files.
void touch(db::Connection& connection);

}  // namespace findme::store
