#include "store/selfie_repository.hpp"

#include <span>

#include "store/columns.hpp"

namespace findme::store {
namespace {

/// Ids begin at 1.
constexpr SelfieId kEvery{0};

}  // namespace

void SelfieRepository::add(AccountId account, const NewConsent& consent, std::span<const NewSelfie> selfies) {
    const std::string when = to_iso8601(consent.given_at);
    std::int64_t consent_id = 0;
    connection_.run(
        "INSERT INTO consents (user_id, text_version, given_at, recorded_by) VALUES ($1, $2, $3, $4) "
        "RETURNING id",
        {account.value, consent.text_version, when, consent.recorded_by},
        [&](const db::Row& row) { consent_id = row.integer(0); });
    for (const NewSelfie& selfie : selfies) {
        connection_.run(
            "INSERT INTO selfies (user_id, consent_id, model_id, template, height_px, sharpness, yaw, "
            "created_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            {account.value, consent_id, selfie.model, to_bytes(selfie.face_template),
             selfie.quality.height_px, selfie.quality.sharpness, selfie.quality.yaw, when});
    }
}

std::vector<Selfie> SelfieRepository::list(AccountId account) {
    std::vector<Selfie> found;
    connection_.run(
        "SELECT s.id, s.model_id, s.height_px, s.sharpness, s.yaw, s.created_at, c.text_version, c.given_at"
        " FROM selfies s JOIN consents c ON c.id = s.consent_id WHERE s.user_id = $1 ORDER BY s.id",
        {account.value}, [&](const db::Row& row) {
            Selfie selfie;
            selfie.id = SelfieId{row.integer(0)};
            selfie.account = account;
            selfie.model = row.text(1);
            selfie.quality.height_px = static_cast<float>(row.real(2));
            selfie.quality.sharpness = static_cast<float>(row.real(3));
            selfie.quality.yaw = static_cast<float>(row.real(4));
            selfie.created_at = read_time(row, 5).value_or(Timestamp{});
            selfie.consent_version = row.text(6);
            selfie.consented_at = read_time(row, 7).value_or(Timestamp{});
            found.push_back(std::move(selfie));
        });
    return found;
}

SelfieRepository::Counts SelfieRepository::remove(AccountId account, std::optional<SelfieId> selfie) {
    Counts removed;
    removed.selfies = connection_.run("DELETE FROM selfies WHERE user_id = $1 AND ($2 = 0 OR id = $2)",
                                      {account.value, selfie.value_or(kEvery).value});
    removed.consents = connection_.run(
        "DELETE FROM consents WHERE user_id = $1"
        " AND NOT EXISTS (SELECT 1 FROM selfies s WHERE s.consent_id = consents.id)",
        {account.value});
    return removed;
}

SelfieRepository::Counts SelfieRepository::left(AccountId account, std::optional<SelfieId> selfie) {
    Counts left;
    connection_.run("SELECT count(*) FROM selfies WHERE user_id = $1 AND ($2 = 0 OR id = $2)",
                    {account.value, selfie.value_or(kEvery).value},
                    [&](const db::Row& row) { left.selfies = row.integer(0); });
    connection_.run(
        "SELECT count(*) FROM consents WHERE user_id = $1"
        " AND NOT EXISTS (SELECT 1 FROM selfies s WHERE s.consent_id = consents.id)",
        {account.value}, [&](const db::Row& row) { left.consents = row.integer(0); });
    return left;
}

std::vector<Template> SelfieRepository::references(AccountId account, const ModelId& model,
                                                   std::optional<SelfieId> without) {
    std::vector<Template> found;
    connection_.run(
        "SELECT template FROM selfies WHERE user_id = $1 AND model_id = $2 AND id <> $3 ORDER BY id",
        {account.value, model, without.value_or(SelfieId{0}).value},
        [&](const db::Row& row) { found.push_back(read_template(row, 0)); });
    return found;
}

std::vector<GuestReferences> SelfieRepository::guests(EventId event, const ModelId& model) {
    std::vector<GuestReferences> found;
    connection_.run(
        "SELECT s.user_id, s.template FROM selfies s"
        " WHERE s.model_id = $2 AND s.user_id IN (SELECT u.id FROM users u WHERE u.event_id = $1"
        "  UNION SELECT j.user_id FROM user_events j WHERE j.event_id = $1)"
        " ORDER BY s.user_id, s.id",
        {event.value, model}, [&](const db::Row& row) {
            const AccountId account{row.integer(0)};
            if (found.empty() || found.back().account != account) found.push_back({account, {}});
            found.back().references.push_back(read_template(row, 1));
        });
    return found;
}

std::int64_t SelfieRepository::count_guests_without(EventId event, const ModelId& model) {
    std::int64_t count = 0;
    connection_.run(
        "SELECT count(DISTINCT s.user_id) FROM selfies s"
        " WHERE s.user_id IN (SELECT u.id FROM users u WHERE u.event_id = $1"
        "  UNION SELECT j.user_id FROM user_events j WHERE j.event_id = $1)"
        " AND NOT EXISTS (SELECT 1 FROM selfies o WHERE o.user_id = s.user_id AND o.model_id = $2)",
        {event.value, model}, [&](const db::Row& row) { count = row.integer(0); });
    return count;
}

}  // namespace findme::store
