#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace findme {

enum class DryRun {
    no,
    yes,  ///< Only counts what would go.
};

/// Rows of one table that are, or were, about a subject.
struct ErasureCount {
    std::string table;
    std::int64_t found = 0;  ///< Removed, or with `dry_run` to be removed.
    std::int64_t left = 0;   ///< Still there when looked for again: always 0.
};

/// What an erasure took away; counted, then looked for again.
struct ErasureReceipt {
    std::string subject;  ///< As in `user:12`.
    std::vector<ErasureCount> tables;
    bool dry_run = false;
    /// The bytes are gone from the database's own files too, as far as a client can see to it
    /// (Connection::scrub has the limits of a server); false while another reader still holds older pages.
    bool scrubbed = false;
    [[nodiscard]] std::int64_t left() const noexcept {
        std::int64_t sum = 0;
        for (const auto& table : tables) sum += table.left;
        return sum;
    }
};

}  // namespace findme
