#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "db/connection.hpp"
#include "findme/account.hpp"

namespace findme::store {

struct NewSelfie {
    ModelId model;
    FaceQuality quality;
    Template face_template;
};

/// Who agreed to which text, when, and in whose presence.
struct NewConsent {
    std::string text_version;
    Timestamp given_at;
    std::string recorded_by;
};

/// Everything that stands for one guest in an event.
struct GuestReferences {
    AccountId account;
    std::vector<Template> references;
};

/// Guests' references with their consents. Borrows the connection; one thread at a time; transactions are the
/// caller's.
/// @errors every call throws Error{store_*}; Error{store_corrupt} for a template of another size.
class SelfieRepository {
  public:
    explicit SelfieRepository(db::Connection& connection) : connection_(connection) {}

    /// One consent for all of them.
    void add(AccountId account, const NewConsent& consent, std::span<const NewSelfie> selfies);
    /// In order of id.
    [[nodiscard]] std::vector<Selfie> list(AccountId account);
    struct Counts {
        std::int64_t selfies = 0;
        std::int64_t consents = 0;
    };
    /// Removes one selfie, or all of the account when none is named; the consent goes with the last selfie
    /// that was given under it.
    Counts remove(AccountId account, std::optional<SelfieId> selfie);
    /// What remove() should have left nothing of.
    [[nodiscard]] Counts left(AccountId account, std::optional<SelfieId> selfie);

    /// @param without  leaves this one out.
    [[nodiscard]] std::vector<Template> references(AccountId account, const ModelId& model,
                                                   std::optional<SelfieId> without = std::nullopt);
    /// Of all guests of an event, those who joined it included; in order of account id.
    [[nodiscard]] std::vector<GuestReferences> guests(EventId event, const ModelId& model);
    /// Guests of an event who have selfies, but none of this model.
    [[nodiscard]] std::int64_t count_guests_without(EventId event, const ModelId& model);

  private:
    db::Connection& connection_;
};

}  // namespace findme::store
