#include "store/erasure_repository.hpp"

#include <limits>
#include <utility>

#include "store/erasure_links.hpp"

namespace findme::store {
namespace {

/// Guests whose own event it is. Rows of the service's release v87 name no event: theirs is the only one they
/// joined.
constexpr const char* kOwnGuests =
    "SELECT u.id FROM users u WHERE u.user_type = 'user' AND (u.event_id = $1 OR (u.event_id IS NULL"
    " AND EXISTS (SELECT 1 FROM user_events j WHERE j.user_id = u.id AND j.event_id = $1)"
    " AND NOT EXISTS (SELECT 1 FROM user_events o WHERE o.user_id = u.id AND o.event_id <> $1)))"
    " ORDER BY u.id LIMIT $2";
constexpr const char* kPhotos = "SELECT id FROM photos WHERE event_id = $1 ORDER BY id LIMIT $2";
constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max();

Ids fetch_ids(db::Connection& connection, const std::string& sql,
              std::initializer_list<db::Value> parameters) {
    Ids ids;
    connection.run(sql, parameters, [&](const db::Row& row) { ids.push_back(row.integer(0)); });
    return ids;
}

/// Pictures of guests' faces, as the service kept them.
Ids selfie_photos(db::Connection& connection, const Ids& accounts) {
    return fetch_ids(
        connection,
        "SELECT id FROM photos WHERE photo_type = 'selfie' AND user_id " + is_one_of(connection, "$1"),
        {ids_value(connection, accounts)});
}

/// Accounts with all that is erased with them.
Subjects subjects_of(db::Connection& connection, const Ids& accounts) {
    return {{"users", accounts}, {"photos", selfie_photos(connection, accounts)}};
}

Subjects subjects_of(db::Connection& connection, EventId event) {
    Subjects subjects = subjects_of(connection, fetch_ids(connection, kOwnGuests, {event.value, kAll}));
    Ids& photos = subjects["photos"];
    const Ids own = fetch_ids(connection, kPhotos, {event.value, kAll});
    photos.insert(photos.end(), own.begin(), own.end());
    subjects["events"] = {event.value};
    return subjects;
}

/// One kind of thing that a purge removes.
struct PurgeStep {
    std::string name;
    std::string table;
    std::string condition;
    std::vector<db::Value> parameters;
};

constexpr const char* kSelfieColumns = "users.selfie_data";

/// Children first. The photos and users of the last two stay or need more than one statement.
std::vector<PurgeStep> purge_steps(db::Connection& connection, EventId event,
                                   std::span<const EventId> unexpired) {
    Ids kept;
    for (const EventId id : unexpired) {
        if (id != event) kept.push_back(id.value);
    }
    const std::string in_kept = "event_id " + is_one_of(connection, "$2");
    const Ids guests = fetch_ids(
        connection,
        "SELECT u.id FROM users u WHERE u.user_type = 'user' AND (u.event_id = $1 OR EXISTS"
        " (SELECT 1 FROM user_events j WHERE j.user_id = u.id AND j.event_id = $1))"
        " AND (u.event_id IS NULL OR NOT (u." +
            in_kept + ")) AND NOT EXISTS (SELECT 1 FROM user_events o WHERE o.user_id = u.id AND o." +
            in_kept + ") ORDER BY u.id",
        {event.value, ids_value(connection, kept)});
    const db::Value here = event.value;
    const db::Value theirs = ids_value(connection, guests);
    const std::string on_photos = "photo_id IN (SELECT id FROM photos WHERE event_id = $1)";
    const std::string of_guests = "user_id " + is_one_of(connection, "$1");
    return {
        {"face_templates", "face_templates", "event_id = $1", {here}},
        {"faces", "faces", "event_id = $1", {here}},
        {"photo_models", "photo_models", on_photos, {here}},
        {"photo_faces", "photo_faces", "event_id = $1 OR " + on_photos, {here}},
        {"face_matches", "face_matches", on_photos, {here}},
        {"index_jobs", "index_jobs", "event_id = $1", {here}},
        {"selfies", "selfies", of_guests, {theirs}},
        {"consents", "consents", of_guests, {theirs}},
        {"photos",
         "photos",
         "photo_type = 'selfie' AND (event_id = $1 OR user_id " + is_one_of(connection, "$2") + ")",
         {here, theirs}},
        {kSelfieColumns,
         "users",
         "id " + is_one_of(connection, "$1") +
             " AND (selfie_path IS NOT NULL OR selfie_data IS NOT NULL OR selfie_content_type IS NOT NULL)",
         {theirs}},
    };
}

Erasure look_at(db::Connection& connection, const std::vector<PurgeStep>& steps) {
    Erasure erasure;
    for (const PurgeStep& step : steps) {
        ErasureProof proof{step.name, "SELECT count(*) FROM " + step.table + " WHERE " + step.condition,
                           step.parameters};
        connection.run(proof.count_sql, proof.parameters,
                       [&](const db::Row& row) { erasure.found[step.name] = row.integer(0); });
        erasure.proofs.push_back(std::move(proof));
    }
    return erasure;
}

}  // namespace

std::int64_t Erasure::total() const noexcept {
    std::int64_t sum = 0;
    for (const auto& [table, rows] : found) sum += rows;
    return sum;
}

void Erasure::add(const Erasure& other) {
    for (const auto& [table, rows] : other.found) found[table] += rows;
    proofs.insert(proofs.end(), other.proofs.begin(), other.proofs.end());
}

std::string counts_text(const Erasure& erasure) {
    std::string text;
    for (const auto& [table, rows] : erasure.found) {
        if (rows > 0) text += (text.empty() ? "" : " ") + table + '=' + std::to_string(rows);
    }
    return text;
}

Erasure ErasureRepository::look_at_account(AccountId account) {
    return look_at(connection_, subjects_of(connection_, Ids{account.value}));
}

Erasure ErasureRepository::remove_account(AccountId account) {
    return remove(connection_, subjects_of(connection_, Ids{account.value}));
}

std::vector<std::string> ErasureRepository::events_of_photographer(AccountId photographer) {
    std::vector<std::string> codes;
    connection_.run("SELECT event_code FROM events WHERE photographer_id = $1 ORDER BY id",
                    {photographer.value}, [&](const db::Row& row) { codes.push_back(row.text(0)); });
    return codes;
}

std::int64_t ErasureRepository::reassign_events(AccountId from, AccountId to) {
    return connection_.run("UPDATE events SET photographer_id = $2 WHERE photographer_id = $1",
                           {from.value, to.value});
}

Erasure ErasureRepository::look_at_event(EventId event) {
    return look_at(connection_, subjects_of(connection_, event));
}

Erasure ErasureRepository::remove_some_guests(EventId event, std::int64_t limit) {
    Ids guests = fetch_ids(connection_, kOwnGuests, {event.value, limit + 1});
    if (static_cast<std::int64_t>(guests.size()) <= limit) return {};
    guests.pop_back();
    return remove(connection_, subjects_of(connection_, guests));
}

Erasure ErasureRepository::remove_some_photos(EventId event, std::int64_t limit) {
    Ids photos = fetch_ids(connection_, kPhotos, {event.value, limit + 1});
    if (static_cast<std::int64_t>(photos.size()) <= limit) return {};
    photos.pop_back();
    return remove(connection_, {{"photos", photos}});
}

Erasure ErasureRepository::remove_event(EventId event) {
    return remove(connection_, subjects_of(connection_, event));
}

Erasure ErasureRepository::look_at_purge(EventId event, std::span<const EventId> unexpired) {
    return look_at(connection_, purge_steps(connection_, event, unexpired));
}

Erasure ErasureRepository::purge(EventId event, std::span<const EventId> unexpired) {
    const auto steps = purge_steps(connection_, event, unexpired);
    Erasure erasure = look_at(connection_, steps);
    for (const PurgeStep& step : steps) {
        const std::string where = " WHERE " + step.condition;
        if (step.name == kSelfieColumns) {
            connection_.run(
                "UPDATE users SET selfie_path = NULL, selfie_data = NULL, selfie_content_type = NULL" + where,
                step.parameters, nullptr);
        } else if (step.table == "photos") {
            Ids photos;
            connection_.run("SELECT id FROM photos" + where, step.parameters,
                            [&](const db::Row& row) { photos.push_back(row.integer(0)); });
            remove_rows(connection_, {{"photos", photos}});
        } else {
            connection_.run("DELETE FROM " + step.table + where, step.parameters, nullptr);
        }
    }
    connection_.run("UPDATE photos SET is_indexed = $2 WHERE event_id = $1 AND is_indexed <> $2",
                    {event.value, std::int64_t{0}});
    return erasure;
}

ErasureReceipt ErasureRepository::prove(const Erasure& erasure) {
    ErasureReceipt receipt;
    receipt.scrubbed = connection_.scrub();
    std::map<std::string, std::int64_t> left;
    {
        db::Transaction transaction(connection_, db::Access::read);
        for (const ErasureProof& proof : erasure.proofs) {
            connection_.run(proof.count_sql, proof.parameters,
                            [&](const db::Row& row) { left[proof.table] += row.integer(0); });
        }
        transaction.commit();
    }
    for (const auto& [table, rows] : left) {
        const auto found = erasure.found.find(table);
        receipt.tables.push_back({table, found == erasure.found.end() ? 0 : found->second, rows});
    }
    return receipt;
}

}  // namespace findme::store
