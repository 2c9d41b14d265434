#include "findme/audit.hpp"

#include "db/retry.hpp"
#include "findme/error.hpp"
#include "store/audit_repository.hpp"

namespace findme {
namespace {

/// Walks the chain, page by page, until its end or the first thing wrong.
class Walk {
  public:
    Walk(db::Connection& connection, const std::optional<AuditAnchor>& anchor)
        : repository_(connection), anchor_(anchor) {}

    AuditCheck run() {
        constexpr std::int64_t kPage = 1000;
        const AuditAnchor end = repository_.head();
        AuditQuery query;
        query.limit = kPage;
        for (;;) {
            const auto page = repository_.list(query);
            for (const auto& entry : page) {
                if (!take(entry)) return check_;
            }
            if (page.size() < static_cast<std::size_t>(kPage)) break;
            query.after = check_.head.id;
        }
        if (check_.head.id != end.id || check_.head.hash != end.hash)
            return damaged("the last entry should be " + std::to_string(end.id) +
                           ", and the last one there is " + std::to_string(check_.head.id) +
                           ": entries were removed from or added to its end");
        if (anchor_ && anchor_->id > check_.head.id)
            return damaged("there is no entry " + std::to_string(anchor_->id) +
                           ", which was noted down: entries were removed from its end");
        return check_;
    }

  private:
    bool take(const AuditEntry& entry) {
        const std::string id = std::to_string(entry.id);
        if (entry.id != check_.head.id + 1) {
            damaged("entry " + std::to_string(check_.head.id + 1) + " is missing: behind entry " +
                    std::to_string(check_.head.id) + " comes " + id);
            return false;
        }
        if (entry.hash != store::AuditRepository::hash_of(entry, check_.head.hash)) {
            damaged("entry " + id + " was changed, or one before it: its hash does not fit");
            return false;
        }
        if (anchor_ && anchor_->id == entry.id && anchor_->hash != entry.hash) {
            damaged("entry " + id + " is not the one that was noted down: the chain was written anew");
            return false;
        }
        check_.head = {entry.id, entry.hash};
        ++check_.entries;
        return true;
    }

    const AuditCheck& damaged(const std::string& what) {
        check_.damage = "the audit is damaged: " + what;
        return check_;
    }

    store::AuditRepository repository_;
    const std::optional<AuditAnchor>& anchor_;
    AuditCheck check_;
};

}  // namespace

Audit::Audit(std::shared_ptr<db::Database> database) : database_(std::move(database)) {}
Audit::~Audit() = default;

std::vector<AuditEntry> Audit::list(const AuditQuery& query) {
    return db::fetch_retrying(*database_, [&](db::Connection& connection) {
        return store::AuditRepository(connection).list(query);
    });
}

AuditCheck Audit::verify(const std::optional<AuditAnchor>& anchor) {
    return db::fetch_retrying(*database_, [&](db::Connection& connection) {
        // One state of the database: who writes meanwhile adds nothing to it.
        const db::Transaction snapshot(connection, db::Access::read);
        return Walk(connection, anchor).run();
    });
}

}  // namespace findme
