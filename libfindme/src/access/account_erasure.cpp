#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "access/clocks.hpp"
#include "access/journal.hpp"
#include "access/parts.hpp"
#include "base/text.hpp"
#include "db/retry.hpp"
#include "findme/account.hpp"
#include "findme/audit.hpp"
#include "store/account_repository.hpp"
#include "store/erasure_repository.hpp"
#include "store/references.hpp"

namespace findme {
namespace {

using store::Erasure;
using store::ErasureRepository;

std::string id_text(AccountId id) {
    return "id:" + std::to_string(id.value);
}

[[noreturn]] void throw_gone(AccountId id) {
    throw Error(ErrorCode::not_found, "there is no account " + id_text(id), id_text(id));
}

[[noreturn]] void refuse_photographer(AccountId id, const std::vector<std::string>& codes) {
    std::string events = codes.size() == 1 ? "the event " : "the events ";
    for (const auto& code : codes) events += (&code == &codes.front() ? "" : ", ") + base::quoted(code);
    ErrorInfo info{ErrorCode::still_responsible,
                   "the account " + id_text(id) + " still has " + events +
                       ": say who takes over with --reassign-to, or delete them first",
                   id_text(id)};
    for (const auto& code : codes) {
        info.problems.push_back(
            {ErrorCode::still_responsible, "nobody takes over the event " + base::quoted(code), code});
    }
    throw Error(std::move(info));
}

void require_successor(db::Connection& connection, AccountId removed, AccountId successor) {
    const auto found = store::AccountRepository(connection).find(successor);
    if (!found) throw_gone(successor);
    if (successor == removed || found->account.role == Role::guest || !found->account.is_active) {
        throw Error(ErrorCode::invalid_argument,
                    "the account " + id_text(successor) +
                        " cannot take over events: name another photographer or admin who is not disabled",
                    id_text(successor));
    }
}

/// @return events that go to the successor.
std::vector<std::string> require_handover(db::Connection& connection, AccountId id,
                                          const AccountRemoval& removal) {
    auto codes = ErasureRepository(connection).events_of_photographer(id);
    if (removal.reassign_to) require_successor(connection, id, *removal.reassign_to);
    if (!codes.empty() && !removal.reassign_to) refuse_photographer(id, codes);
    return codes;
}

void hand_over(db::Connection& connection, const access::Parts& parts, AccountId id, AccountId successor) {
    const auto events = ErasureRepository(connection).reassign_events(id, successor);
    access::record(connection, parts, "user.events_reassigned", access::subject_of(id),
                   "events=" + std::to_string(events) + " to=" + std::to_string(successor.value));
}

std::string json_text(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string json = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            json += '\\';
            json += c;
        } else if (byte < 0x20U) {
            json += "\\u00";
            json += kDigits[byte >> 4U];
            json += kDigits[byte & 0xFU];
        } else {
            json += c;
        }
    }
    return json + '"';
}

std::string json_of(const Account& account) {
    return "{\"id\":" + std::to_string(account.id.value) + ",\"username\":" + json_text(account.username) +
           ",\"email\":" + json_text(account.email) + ",\"role\":" + json_text(to_string(account.role)) +
           ",\"event_id\":" + (account.event ? std::to_string(account.event->value) : "null") +
           ",\"is_active\":" + (account.is_active ? "true" : "false") +
           ",\"created_at\":" + (account.created_at ? json_text(to_iso8601(*account.created_at)) : "null") +
           "}";
}

std::string json_of(const AuditEntry& entry) {
    return "{\"id\":" + std::to_string(entry.id) + ",\"at\":" + json_text(to_iso8601(entry.at)) +
           ",\"actor\":" + json_text(entry.actor) + ",\"action\":" + json_text(entry.action) +
           ",\"subject\":" + json_text(entry.subject) + ",\"detail\":" + json_text(entry.detail) + "}";
}

/// Secrets, named and not shown.
const std::array<std::string, 4> kHiddenColumns{"hashed_password", "token", "token_hash",
                                                "refresh_token_enc"};

/// Every table that refers to accounts; one that does so twice is there twice, as in
/// `photos.photographer_id`.
std::string json_of_tables(db::Connection& connection, AccountId id) {
    const auto references = store::references_to(connection, "users");
    std::map<std::string, int> columns;
    for (const auto& reference : references) ++columns[reference.table];
    std::string json =
        "\"users\":" + store::rows_as_json(connection, "users", "id", id.value, kHiddenColumns);
    for (const auto& reference : references) {
        const bool alone = columns[reference.table] == 1 && reference.table != "users";
        const std::string name = alone ? reference.table : reference.table + '.' + reference.column;
        json += ',' + json_text(name) + ':' +
                store::rows_as_json(connection, reference.table, reference.column, id.value, kHiddenColumns);
    }
    return json;
}

/// Photos the account was on are matched without it: a face it held may be another guest's.
void release_matches(db::Connection& connection, const access::Parts& parts, AccountId id) {
    for (const EventId event : store::AccountRepository(connection).events_of(id))
        parts.event_matcher->release(connection, event, id);
}

}  // namespace

ErasureReceipt Accounts::remove(AccountId id, const AccountRemoval& removal) {
    if (!removal.dry_run) access::require_agreed_clocks(*parts_);
    std::optional<Erasure> erased;
    db::run_retrying(
        *parts_->database,
        [&](db::Connection& connection) {
            const auto access = removal.dry_run ? db::Access::read : db::Access::write;
            db::Transaction transaction(connection, access);
            store::AccountRepository accounts(connection);
            if (removal.dry_run ? !accounts.find(id) : !accounts.hold(id)) {
                // Not when the answer of an earlier try was lost, and it was a yes.
                if (!erased) throw_gone(id);
                return;
            }
            const auto codes = require_handover(connection, id, removal);
            ErasureRepository erasures(connection);
            if (removal.dry_run) {
                erased = erasures.look_at_account(id);
                return;
            }
            if (!codes.empty()) hand_over(connection, *parts_, id, *removal.reassign_to);
            release_matches(connection, *parts_, id);
            erased = erasures.remove_account(id);
            access::record(connection, *parts_, "user.deleted", access::subject_of(id), counts_text(*erased));
            transaction.commit();
        },
        db::IfInDoubt::repeat);

    ErasureReceipt receipt;
    if (removal.dry_run) {
        for (const auto& [table, rows] : erased->found) receipt.tables.push_back({table, rows, 0});
        receipt.dry_run = true;
    } else {
        receipt = db::fetch_retrying(
            *parts_->database,
            [&](db::Connection& connection) { return ErasureRepository(connection).prove(*erased); },
            db::IfInDoubt::repeat);
        access::report(*parts_, LogLevel::info, "user_deleted", access::subject_of(id));
    }
    receipt.subject = access::subject_of(id);
    return receipt;
}

std::string Accounts::export_json(AccountId id) {
    const std::string held = db::fetch_retrying(*parts_->database, [&](db::Connection& connection) {
        const db::Transaction transaction(connection, db::Access::read);
        const auto found = store::AccountRepository(connection).find(id);
        if (!found) throw_gone(id);
        return "\"account\":" + json_of(found->account) + ",\"tables\":{" + json_of_tables(connection, id) +
               "}";
    });
    // Before anything is handed out; and the export tells of itself.
    db::run_retrying(*parts_->database, [&](db::Connection& connection) {
        db::Transaction transaction(connection, db::Access::write);
        access::record(connection, *parts_, "user.exported", access::subject_of(id));
        transaction.commit();
    });
    AuditQuery query;
    query.subject = access::subject_of(id);
    std::string entries;
    for (const AuditEntry& entry : Audit(parts_->database).list(query)) {
        entries += (entries.empty() ? "" : ",") + json_of(entry);
    }
    return "{\"type\":\"account_export\",\"v\":1," + held + ",\"audit\":[" + entries + "]}";
}

}  // namespace findme
