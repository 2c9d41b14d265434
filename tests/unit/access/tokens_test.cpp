// Reset tokens: shown once, kept as a hash, one use. Commands: tests/cli/tokens.bats.
#include <atomic>
#include <catch2/catch.hpp>
#include <regex>
#include <thread>

#include "access/token_text.hpp"
#include "access_world.hpp"
#include "store/columns.hpp"
#include "store/token_repository.hpp"

using namespace findme;
using testing::AccessWorld;
using testing::available_databases;

namespace {

constexpr const char* kPassword = "Orbit-Lampe-Wolke-42";
constexpr std::chrono::minutes kLifetime{30};

Account add_guest(AccessWorld& world, const std::string& name) {
    Registration registration = AccessWorld::guest(name, name + "@example.org", "AAAA");
    registration.with_token = false;
    return world.accounts.add(std::move(registration)).account;
}

ErrorInfo refused(AccessWorld& world, const Secret& token, const std::string& password = kPassword) {
    try {
        static_cast<void>(world.tokens.redeem(token, Secret(password)));
    } catch (const Error& error) {
        return error.info();
    }
    FAIL("the token was taken");
    return {};
}

}  // namespace

TEST_CASE("tokens: one sets a password once, ends sessions and voids the others", "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    world.make_event("AAAA");
    const Account anna = add_guest(world, "anna");
    const auto first = world.tokens.issue("anna", "AAAA", kLifetime);
    const auto second = world.tokens.issue("ANNA@example.org", "", kLifetime);
    world.base.connect()->run(
        "INSERT INTO password_reset_tokens (user_id, token, expires_at) VALUES ($1, 'readable', "
        "'2099-01-01')",
        {anna.id.value});
    CHECK(refused(world, first.token).code == ErrorCode::token_refused);
    CHECK(world.tokens.redeem(second.token, Secret(kPassword)) == anna.id);
    CHECK(refused(world, second.token).code == ErrorCode::token_refused);
    CHECK(world.accounts.verify({"anna", "AAAA", Secret(kPassword)}).session_version ==
          anna.session_version + 1);
    CHECK(world.count("SELECT count(*) FROM password_reset_tokens WHERE used_at IS NULL") == 0);
    const auto tokens = world.tokens.list(anna.id);
    REQUIRE(tokens.size() == 2);
    CHECK(tokens[0].state == TokenState::used);
    CHECK(tokens[1].state == TokenState::voided);
}

TEST_CASE("tokens: asking for one changes nothing but the tokens and the audit", "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    world.make_event("AAAA");
    const Account anna = add_guest(world, "anna");
    static_cast<void>(world.tokens.issue("anna", "AAAA", kLifetime));
    const Account after = world.accounts.find(anna.id);
    CHECK(after.session_version == anna.session_version);
    CHECK(after.has_password == anna.has_password);
    CHECK(after.failed_logins == anna.failed_logins);
    CHECK(world.count("SELECT count(*) FROM account_tokens") == 1);
    CHECK(world.audited("user:" + std::to_string(anna.id.value)).back() == "token.issued");
}

TEST_CASE("tokens: for an account that is not there one comes back that looks the same and opens nothing",
          "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    world.make_event("AAAA");
    const auto nothing = world.tokens.issue("nobody", "AAAA", kLifetime);
    CHECK(access::is_well_formed(nothing.token.view()));
    CHECK(nothing.expires_at > world.database_clock.now());
    CHECK(world.count("SELECT count(*) FROM account_tokens") == 0);
    CHECK(refused(world, nothing.token).code == ErrorCode::token_refused);
    CHECK_THROWS_AS(world.tokens.issue("nobody", "AAAA", kLifetime, UnknownAccount::refuse), Error);
}

TEST_CASE("tokens: whatever is wrong with one, the answer is the same, and the audit knows", "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    world.make_event("AAAA");
    const Account anna = add_guest(world, "anna");
    const std::string subject = "user:" + std::to_string(anna.id.value);
    const std::string malformed = refused(world, Secret("fmr_nonsense")).message;
    CHECK(world.log.lines().back().ends_with("rule=malformed"));
    CHECK(refused(world, access::generate_token()).message == malformed);
    CHECK(world.log.lines().back().ends_with("rule=unknown"));

    const auto expired = world.tokens.issue("anna", "AAAA", kLifetime);
    world.base.connect()->run("UPDATE account_tokens SET expires_at = $1",
                              {to_iso8601(world.database_clock.now() - std::chrono::seconds{1})});
    CHECK(refused(world, expired.token).message == malformed);
    CHECK(world.audited(subject).back() == "token.refused rule=expired");

    const auto closed = world.tokens.issue("anna", "AAAA", kLifetime);
    world.base.connect()->run("UPDATE users SET is_active = $1", {std::int64_t{0}});
    CHECK(refused(world, closed.token).message == malformed);
    CHECK(world.audited(subject).back() == "token.refused rule=inactive");
    world.base.connect()->run("UPDATE users SET is_active = $1", {std::int64_t{1}});

    const auto revoked = world.tokens.issue("anna", "AAAA", kLifetime);
    world.tokens.revoke(world.tokens.list(anna.id).front().id);
    CHECK(refused(world, revoked.token).message == malformed);
    CHECK(world.audited(subject).back() == "token.refused rule=voided");
    CHECK_FALSE(world.accounts.find(anna.id).has_password);
    CHECK(world.audit.verify().good());
}

TEST_CASE("tokens: the clock that counts is the database's", "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    world.make_event("AAAA");
    add_guest(world, "anna");
    const auto token = world.tokens.issue("anna", "AAAA", kLifetime);
    world.clock.now_ += std::chrono::days{2};
    CHECK_NOTHROW(world.tokens.redeem(token.token, Secret(kPassword)));
}

TEST_CASE("tokens: a bad password leaves the token open", "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    world.make_event("AAAA");
    add_guest(world, "anna");
    const auto token = world.tokens.issue("anna", "AAAA", kLifetime);
    CHECK(refused(world, token.token, "too short").code == ErrorCode::password_refused);
    CHECK_NOTHROW(world.tokens.redeem(token.token, Secret(kPassword)));
}

TEST_CASE("tokens: five within an hour are enough, and from outside it does not show", "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    world.make_event("AAAA");
    const Account anna = add_guest(world, "anna");
    for (int i = 0; i < 5; ++i) static_cast<void>(world.tokens.issue("anna", "AAAA", kLifetime));
    CHECK(access::is_well_formed(world.tokens.issue("anna", "AAAA", kLifetime).token.view()));
    CHECK(world.tokens.list(anna.id).size() == 5);
    try {
        static_cast<void>(world.tokens.issue("anna", "AAAA", kLifetime, UnknownAccount::refuse));
        FAIL("a sixth token");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::too_many_requests);
    }
}

TEST_CASE("tokens: a lifetime is one minute to a day", "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    for (const auto lifetime : {std::chrono::minutes{0}, kMaxTokenLifetime + std::chrono::minutes{1}})
        CHECK_THROWS_AS(world.tokens.issue("anna", "", lifetime), Error);
}

TEST_CASE("tokens: of sixteen who redeem one at once, one wins", "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    world.make_event("AAAA");
    const Account anna = add_guest(world, "anna");
    const auto token = world.tokens.issue("anna", "AAAA", kLifetime);
    std::atomic<int> won = 0;
    std::atomic<int> lost = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 16; ++i) {
        threads.emplace_back([&, i] {
            try {
                world.tokens.redeem(token.token, Secret(kPassword + std::to_string(i)));
                ++won;
            } catch (const Error& error) {
                if (error.code() == ErrorCode::token_refused) ++lost;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(won == 1);
    CHECK(lost == 15);
    CHECK(world.accounts.find(anna.id).session_version == anna.session_version + 1);
}

TEST_CASE("tokens: pruning removes those that ended long ago and keeps the open ones", "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    world.make_event("AAAA");
    const Account anna = add_guest(world, "anna");
    for (int i = 0; i < 2; ++i) static_cast<void>(world.tokens.issue("anna", "AAAA", kLifetime));
    CHECK(world.tokens.prune() == 0);
    world.base.connect()->run(
        "UPDATE account_tokens SET voided_at = '2020-01-01T00:00:00.000Z'"
        " WHERE voided_at IS NOT NULL");
    CHECK(world.tokens.prune() == 1);
    REQUIRE(world.tokens.list(anna.id).size() == 1);
    CHECK(world.tokens.list(anna.id).front().state == TokenState::open);
}
