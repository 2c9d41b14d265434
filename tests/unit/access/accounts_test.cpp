// The rules of FindMe v88 and of accounts on top of them, by library, on both databases. Commands:
// tests/cli/users.bats.
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "access_world.hpp"
#include "store/account_repository.hpp"

using namespace findme;
using testing::AccessWorld;
using testing::available_databases;

namespace {

constexpr const char* kPassword = "Orbit-Lampe-Wolke-42";

template <typename Work>
ErrorInfo refused(const Work& work) {
    try {
        work();
    } catch (const Error& error) {
        return error.info();
    }
    FAIL("it was not refused");
    return {};
}

std::vector<std::string> fields(const ErrorInfo& error) {
    std::vector<std::string> subjects;
    for (const auto& problem : error.problems) subjects.push_back(problem.subject);
    subjects.erase(std::unique(subjects.begin(), subjects.end()), subjects.end());
    return subjects;
}

LoginRequest login(const std::string& name, const std::string& code,
                   const std::string& password = kPassword) {
    return {name, code, Secret(password)};
}

Registration with_password(Registration registration) {
    registration.password = Secret(kPassword);
    return registration;
}

}  // namespace

TEST_CASE("accounts: one e-mail may be used once in every event, and again among the staff", "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    world.make_event("AAAA");
    world.make_event("BBBB");
    const auto first = world.accounts.add(AccessWorld::guest("anna", "anna@example.org", "aaaa"));
    CHECK(world.accounts.add(AccessWorld::guest("anna", "anna@example.org", "BBBB")).account.id !=
          first.account.id);
    CHECK(world.accounts.add(AccessWorld::staff("anna", "anna@example.org", Role::photographer))
              .account.event == std::nullopt);
    const auto twice =
        refused([&] { world.accounts.add(AccessWorld::guest("other", "ANNA@Example.org", "AAAA")); });
    CHECK(twice.code == ErrorCode::already_exists);
    CHECK(fields(twice) == std::vector<std::string>{"email"});
    const auto admin =
        refused([&] { world.accounts.add(AccessWorld::staff("boss", "Anna@example.ORG", Role::admin)); });
    CHECK(admin.code == ErrorCode::already_exists);
    CHECK(world.count("SELECT count(*) FROM users") == 3);
}

TEST_CASE("accounts: after deletion name and e-mail can be used again", "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    world.make_event("AAAA");
    const auto first = world.accounts.add(AccessWorld::guest("anna", "anna@example.org", "AAAA"));
    CHECK(world.accounts.remove(first.account.id).left() == 0);
    const auto again = world.accounts.add(AccessWorld::guest("anna", "anna@example.org", "AAAA"));
    CHECK(again.account.id != first.account.id);
}

TEST_CASE("accounts: admin, photographer and guest log in", "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    world.make_event("AAAA");
    world.accounts.add(with_password(AccessWorld::staff("ada", "ada@example.org", Role::admin)));
    world.accounts.add(with_password(AccessWorld::staff("phil", "phil@example.org", Role::photographer)));
    const auto guest =
        world.accounts.add(with_password(AccessWorld::guest("gus", "gus@example.org", "AAAA")));
    CHECK(world.accounts.verify(login("ada", "")).role == Role::admin);
    CHECK(world.accounts.verify(login("PHIL@example.org", "")).role == Role::photographer);
    CHECK(world.accounts.verify(login("gus", "aa-aa")).id == guest.account.id);
    CHECK(world.accounts.verify(login("Gus@Example.org", "")).id == guest.account.id);
    CHECK(world.audited("user:" + std::to_string(guest.account.id.value)).back() == "login.accepted");
}

TEST_CASE("accounts: every refused login is answered alike, and its rule is in log and audit alone",
          "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    world.make_event("AAAA");
    world.make_event("BBBB");
    const auto anna =
        world.accounts.add(with_password(AccessWorld::guest("anna", "anna@example.org", "AAAA")));
    world.accounts.add(with_password(AccessWorld::guest("anna", "anna@example.org", "BBBB")));
    const auto shut =
        world.accounts.add(with_password(AccessWorld::guest("shut", "shut@example.org", "AAAA")));
    world.accounts.set_active(shut.account.id, false);
    const auto fresh = world.accounts.add(AccessWorld::guest("fresh", "fresh@example.org", "AAAA"));

    const auto nobody = refused([&] { world.accounts.verify(login("nobody", "AAAA")); });
    CHECK(nobody.code == ErrorCode::login_refused);
    const std::vector<std::pair<LoginRequest, std::string>> cases = [] {
        std::vector<std::pair<LoginRequest, std::string>> list;
        list.emplace_back(login("anna", "AAAA", "not her password"), "wrong_password");
        list.emplace_back(login("shut", "AAAA"), "disabled");
        list.emplace_back(login("fresh", "AAAA"), "no_password");
        list.emplace_back(login("anna", ""), "ambiguous_event");
        list.emplace_back(login("anna", "CCCC"), "unknown_event");
        list.emplace_back(login("a\nERROR root\x1b[2J", "AAAA"), "unknown_account");
        list.emplace_back(login(std::string("anna\0x", 6), "AAAA"), "unknown_account");
        list.emplace_back(login("\xff\xfe", "AAAA"), "unknown_account");
        list.emplace_back(login("' OR 1=1 --", "AAAA"), "unknown_account");
        return list;
    }();
    for (const auto& refusal : cases) {
        const std::string& rule = refusal.second;
        INFO(rule);
        const auto error = refused([&] { world.accounts.verify(refusal.first); });
        CHECK(error.message == nobody.message);
        CHECK(error.code == nobody.code);
        CHECK(error.subject.empty());
        CHECK(world.log.lines().back().ends_with("rule=" + rule));
    }
    const std::string anna_subject = "user:" + std::to_string(anna.account.id.value);
    CHECK(world.audited(anna_subject).back() == "login.refused rule=wrong_password");
    CHECK(world.audited("user:" + std::to_string(shut.account.id.value)).back() ==
          "login.refused rule=disabled");
    CHECK(world.audit.verify().good());
    for (const auto& line : world.log.lines()) {
        CHECK(line.find('\n') == std::string::npos);
        CHECK(line.find("anna") == std::string::npos);
    }
}

TEST_CASE("accounts: a registration reports all its problems at once and writes nothing", "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    world.make_event("AAAA");
    const auto before = world.count("SELECT count(*) FROM audit_log");
    Registration bad = AccessWorld::guest("a\x1b[2Jb", "nowhere", "ZZZZ");
    bad.password = Secret("kZ7!qv");
    bad.selfies = {"anna.1", "blurred"};
    const auto error = refused([&] { world.accounts.add(std::move(bad)); });
    CHECK(error.code == ErrorCode::invalid_argument);
    CHECK(fields(error) ==
          std::vector<std::string>{"username", "email", "event", "password", "consent", "selfie"});
    for (const auto& problem : error.problems)
        CHECK(error.message.find(problem.message) != std::string::npos);
    CHECK(world.count("SELECT count(*) FROM users") == 0);
    CHECK(world.count("SELECT count(*) FROM selfies") == 0);
    CHECK(world.count("SELECT count(*) FROM audit_log") == before);
}

TEST_CASE("accounts: who may register, and where", "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    const Event event = world.make_event("AAAA");
    CHECK(refused([&] { world.accounts.add(AccessWorld::guest("g", "g@example.org", "")); }).code ==
          ErrorCode::invalid_argument);
    Registration staff = AccessWorld::staff("p", "p@example.org", Role::photographer);
    staff.event_code = "AAAA";
    CHECK(fields(refused([&] { world.accounts.add(std::move(staff)); })) ==
          std::vector<std::string>{"event"});
    Registration admin = AccessWorld::staff("first", "first@example.org", Role::admin);
    admin.only_if_first = true;
    const Registered first = world.accounts.add(std::move(admin));
    CHECK(first.account.role == Role::admin);
    Registration second = AccessWorld::staff("second", "second@example.org", Role::admin);
    second.only_if_first = true;
    CHECK(refused([&] { world.accounts.add(std::move(second)); }).code == ErrorCode::already_exists);
    world.database_clock.now_ = event.expires_at.value();
    CHECK(refused([&] { world.accounts.add(AccessWorld::guest("g", "g@example.org", "AAAA")); }).code ==
          ErrorCode::retention_expired);
}

TEST_CASE("accounts: an event that was purged before its time takes no guest and no selfie", "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    const Event event = world.make_event("AAAA");
    const auto anna = world.accounts.add(AccessWorld::guest("anna", "anna@example.org", "AAAA"));
    static_cast<void>(world.events.purge(event.id, DryRun::no));
    CHECK(refused([&] { world.accounts.add(AccessWorld::guest("g", "g@example.org", "AAAA")); }).code ==
          ErrorCode::retention_expired);
    CHECK(refused([&] { (void)world.accounts.add_selfies(anna.account.id, {"anna.1"}, "v1"); }).code ==
          ErrorCode::retention_expired);
}

TEST_CASE("accounts: composed and decomposed names are one name", "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    world.make_event("AAAA");
    const std::string composed = "Ren\xC3\xA9";
    const std::string decomposed = "Rene\xCC\x81";
    const auto rene =
        world.accounts.add(with_password(AccessWorld::guest(decomposed, "r@example.org", "AAAA")));
    CHECK(rene.account.username == composed);
    CHECK(refused([&] { world.accounts.add(AccessWorld::guest(composed, "s@example.org", "AAAA")); }).code ==
          ErrorCode::already_exists);
    CHECK(world.accounts.verify(login(composed, "AAAA")).id == rene.account.id);
    CHECK(world.accounts.verify(login(decomposed, "AAAA")).id == rene.account.id);
}

TEST_CASE("accounts: of many who register one account at once one wins, and no two first admins are made",
          "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    world.make_event("AAAA");
    std::atomic<int> added = 0;
    std::atomic<int> taken = 0;
    std::atomic<int> admins = 0;
    const auto try_to = [&](Registration registration, std::atomic<int>& done) {
        try {
            world.accounts.add(std::move(registration));
            ++done;
        } catch (const Error& error) {
            if (error.code() == ErrorCode::already_exists) ++taken;
        }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i) {
        threads.emplace_back([&] { try_to(AccessWorld::guest("anna", "anna@example.org", "AAAA"), added); });
        threads.emplace_back([&, i] {
            Registration admin = AccessWorld::staff("boss" + std::to_string(i),
                                                    std::to_string(i) + "@example.org", Role::admin);
            admin.only_if_first = true;
            try_to(std::move(admin), admins);
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(added == 1);
    CHECK(admins == 1);
    CHECK(taken == 10);
    CHECK(world.count("SELECT count(*) FROM users") == 2);
    CHECK(world.audit.verify().good());
}

TEST_CASE("accounts: wrong passwords are counted exactly, however many come at once", "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    world.make_event("AAAA");
    const auto anna =
        world.accounts.add(with_password(AccessWorld::guest("anna", "anna@example.org", "AAAA")));
    std::atomic<int> refusals = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] {
                for (int attempt = 0; attempt < 5; ++attempt) {
                    try {
                        world.accounts.verify(login("anna", "AAAA", "wrong"));
                    } catch (const Error& error) {
                        if (error.code() == ErrorCode::login_refused) ++refusals;
                    }
                }
            });
        }
    }
    CHECK(refusals == 20);
    const Account now = world.accounts.find(anna.account.id);
    CHECK(now.failed_logins == 20);
    CHECK(now.blocked_until.has_value());
}

TEST_CASE("accounts: while a login is blocked the right password is refused, and a new one ends the wait",
          "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    world.make_event("AAAA");
    const auto anna =
        world.accounts.add(with_password(AccessWorld::guest("anna", "anna@example.org", "AAAA")));
    const auto connection = world.base.connect();
    store::AccountRepository(*connection)
        .block_until(anna.account.id, world.database_clock.now() + std::chrono::hours{1});
    const Account blocked = world.accounts.find(anna.account.id);
    REQUIRE(blocked.blocked_until.has_value());
    for (const char* password : {kPassword, "wrong"}) {
        CHECK_THROWS_AS(world.accounts.verify(login("anna", "AAAA", password)), Error);
        CHECK(world.log.lines().back().ends_with("rule=blocked"));
    }
    // What came meanwhile counts, but prolongs nothing.
    CHECK(world.accounts.find(anna.account.id).failed_logins == 2);
    CHECK(world.accounts.find(anna.account.id).blocked_until == blocked.blocked_until);

    world.accounts.set_password(anna.account.id, Secret("Nebel.Kran.Tinte.77"));
    CHECK(world.accounts.verify(login("anna", "AAAA", "Nebel.Kran.Tinte.77")).failed_logins == 0);
    CHECK(world.accounts.find(anna.account.id).session_version == blocked.session_version + 1);
}

TEST_CASE("accounts: a block that is over lets the right password in", "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    world.make_event("AAAA");
    const auto anna =
        world.accounts.add(with_password(AccessWorld::guest("anna", "anna@example.org", "AAAA")));
    const auto connection = world.base.connect();
    store::AccountRepository(*connection).block_until(anna.account.id, world.database_clock.now());
    CHECK(world.accounts.verify(login("anna", "AAAA")).id == anna.account.id);
}

TEST_CASE("accounts: four wrong passwords cost nothing, then the wait doubles up to a quarter of an hour",
          "[access]") {
    using namespace std::chrono_literals;
    AccessWorld world(GENERATE(from_range(available_databases())));
    world.make_event("AAAA");
    const auto anna =
        world.accounts.add(with_password(AccessWorld::guest("anna", "anna@example.org", "AAAA")));
    const auto connection = world.base.connect();
    const std::vector<std::pair<std::int64_t, std::chrono::seconds>> waits{
        {0, 0s}, {3, 0s}, {4, 1s}, {5, 2s}, {9, 32s}, {13, 512s}, {14, 15min}, {1'000'000, 15min}};
    for (const auto& [before, wait] : waits) {
        CAPTURE(before, wait.count());
        connection->run("UPDATE users SET failed_logins = $1, blocked_until = NULL", {before});
        CHECK_THROWS_AS(world.accounts.verify(login("anna", "AAAA", "wrong")), Error);
        const Account now = world.accounts.find(anna.account.id);
        CHECK(now.failed_logins == before + 1);
        CHECK(now.blocked_until.has_value() == (wait > 0s));
        if (now.blocked_until) CHECK(*now.blocked_until == world.database_clock.now() + wait);
    }
}

TEST_CASE("accounts: a right password forgives the wrong ones before it", "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    world.make_event("AAAA");
    world.accounts.add(with_password(AccessWorld::guest("anna", "anna@example.org", "AAAA")));
    for (int i = 0; i < 4; ++i) CHECK_THROWS_AS(world.accounts.verify(login("anna", "AAAA", "wrong")), Error);
    CHECK(world.accounts.verify(login("anna", "AAAA")).failed_logins == 0);
}

TEST_CASE("accounts: an old bcrypt hash lets its owner in and is exchanged for a better one", "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    world.make_event("AAAA");
    const auto anna = world.accounts.add(AccessWorld::guest("anna", "anna@example.org", "AAAA"));
    // crypt("old password", "$2b$04$abcdefghijklmnopqrstuu")
    world.base.connect()->run(
        "UPDATE users SET hashed_password = '$2b$04$abcdefghijklmnopqrstuuFkqCYl1sZhFcdBXBznR1I2LdekaY3XO'");
    world.accounts.verify(login("anna", "AAAA", "old password"));
    CHECK(world.count("SELECT count(*) FROM users WHERE hashed_password LIKE '$argon2id$v=19$%'") == 1);
    world.accounts.verify(login("anna", "AAAA", "old password"));
    CHECK_THROWS_AS(world.accounts.verify(login("anna", "AAAA", "old passwore")), Error);
    CHECK(world.accounts.find(anna.account.id).session_version == 0);
}

TEST_CASE("accounts: a guest of the old release belongs to the event joined first", "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    const Event a = world.make_event("AAAA");
    const Event b = world.make_event("BBBB");
    const auto anna =
        world.accounts.add(with_password(AccessWorld::guest("anna", "anna@example.org", "AAAA")));
    world.accounts.join(anna.account.id, "BBBB");
    world.base.connect()->run("UPDATE users SET event_id = NULL");
    CHECK(world.accounts.find(anna.account.id).event == a.id);
    CHECK(world.accounts.verify(login("anna", "AAAA")).id == anna.account.id);
    CHECK(world.accounts.verify(login("anna", "BBBB")).id == anna.account.id);
    CHECK(world.accounts.events_of(anna.account.id) == std::vector<EventId>{a.id, b.id});
}

TEST_CASE("accounts: joining twice changes nothing, and staff does not join", "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    world.make_event("AAAA");
    world.make_event("BBBB");
    const auto anna = world.accounts.add(AccessWorld::guest("anna", "anna@example.org", "AAAA"));
    world.accounts.join(anna.account.id, "BBBB");
    world.accounts.join(anna.account.id, "bb bb");
    CHECK(world.count("SELECT count(*) FROM user_events") == 2);
    const auto phil = world.accounts.add(AccessWorld::staff("phil", "phil@example.org", Role::photographer));
    CHECK(refused([&] { world.accounts.join(phil.account.id, "AAAA"); }).code == ErrorCode::invalid_argument);
    CHECK(refused([&] { world.accounts.join(anna.account.id, "ZZZZ"); }).code == ErrorCode::not_found);
}

TEST_CASE("accounts: selfies are kept with consent only, all or none, and go with their consent",
          "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    const Event event = world.make_event("AAAA");
    const auto anna = world.accounts.add(AccessWorld::guest("anna", "anna@example.org", "AAAA"));
    CHECK(refused([&] { world.accounts.add_selfies(anna.account.id, {"anna.1"}, ""); }).code ==
          ErrorCode::invalid_argument);
    CHECK(world.accounts.add_selfies(anna.account.id, {"anna.1", "blurred"}, "v1").added.empty());
    CHECK(world.count("SELECT count(*) FROM selfies") + world.count("SELECT count(*) FROM consents") == 0);

    const auto added = world.accounts.add_selfies(anna.account.id, {"anna.1", "anna.2"}, "v1");
    REQUIRE(added.added.size() == 2);
    CHECK(added.added[0].consent_version == "v1");
    CHECK(world.matcher->rematched == std::vector<EventId>{event.id});
    CHECK(world.accounts.find(anna.account.id).selfies == 2);

    const auto first = world.accounts.remove_selfie(anna.account.id, added.added[0].id);
    CHECK(first.left() == 0);
    CHECK(world.count("SELECT count(*) FROM consents") == 1);
    CHECK(refused([&] { world.accounts.remove_selfie(anna.account.id, added.added[0].id); }).code ==
          ErrorCode::not_found);
    CHECK(world.accounts.remove_all_selfies(anna.account.id).left() == 0);
    CHECK(world.count("SELECT count(*) FROM consents") == 0);
    const std::vector<std::string> audited{"user.added role=guest event=" + std::to_string(event.id.value),
                                           "token.issued", "consent.given selfies=2",
                                           "selfie.removed selfies=1 consents=0",
                                           "selfie.removed selfies=1 consents=1"};
    CHECK(world.audited("user:" + std::to_string(anna.account.id.value)) == audited);
}

TEST_CASE("accounts: an import is whole or not at all, and names every bad line", "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    world.make_event("AAAA");
    const auto rows = [] {
        std::vector<Registration> list;
        list.push_back(AccessWorld::guest("one", "one@example.org", "AAAA"));
        list.push_back(AccessWorld::guest("two", "broken", "AAAA"));
        list.push_back(AccessWorld::guest("three", "ONE@example.org", "AAAA"));
        list.push_back(AccessWorld::guest("four", "four@example.org", "ZZZZ"));
        list.push_back(AccessWorld::guest("five", "five@example.org", "AAAA"));
        for (std::size_t i = 0; i < list.size(); ++i) list[i].line = static_cast<std::int64_t>(i) + 2;
        return list;
    };
    const auto report = world.accounts.import(rows(), ImportMode::all_or_nothing);
    CHECK(report.added.empty());
    REQUIRE(report.refused.size() == 3);
    CHECK(report.refused[0].subject == "line 3");
    CHECK(report.refused[1].subject == "line 4");
    CHECK(report.refused[1].message.find("the same as in line 2") != std::string::npos);
    CHECK(report.refused[2].subject == "line 5");
    CHECK(world.count("SELECT count(*) FROM users") == 0);

    CHECK(world.accounts.import(rows(), ImportMode::check_only).refused.size() == 3);
    CHECK(world.count("SELECT count(*) FROM users") == 0);

    const auto good = world.accounts.import(rows(), ImportMode::what_is_good);
    CHECK(good.added.size() == 2);
    CHECK(good.refused.size() == 3);
    CHECK(world.count("SELECT count(*) FROM users") == 2);
}

TEST_CASE("accounts: a name that fits several accounts has to be narrowed down", "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    world.make_event("AAAA");
    world.make_event("BBBB");
    const auto a = world.accounts.add(AccessWorld::guest("anna", "anna@example.org", "AAAA"));
    const auto b = world.accounts.add(AccessWorld::guest("anna", "anna@example.org", "BBBB"));
    const auto error = refused([&] { (void)world.accounts.find("anna"); });
    CHECK(error.code == ErrorCode::invalid_argument);
    CHECK(error.message.find("id:" + std::to_string(b.account.id.value)) != std::string::npos);
    CHECK(world.accounts.find("anna", "AAAA").id == a.account.id);
    CHECK(world.accounts.find("id:" + std::to_string(b.account.id.value)).id == b.account.id);
    CHECK(refused([&] { (void)world.accounts.find("id:999"); }).code == ErrorCode::not_found);
    CHECK(refused([&] { (void)world.accounts.find("'; DROP TABLE users; --"); }).code ==
          ErrorCode::not_found);
}

TEST_CASE("accounts: an import that the database ends tells what it added", "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    const auto connection = world.base.connect();
    if (connection->dialect() != db::Dialect::sqlite) return;  // The fault is planted in SQLite's words.
    connection->run(
        "CREATE TRIGGER fault BEFORE INSERT ON users WHEN NEW.username = 'two'"
        " BEGIN SELECT RAISE(ABORT, 'planted'); END");
    std::vector<Registration> rows;
    for (const char* name : {"one", "two", "three"})
        rows.push_back(AccessWorld::staff(name, std::string(name) + "@example.org", Role::admin));
    const auto report = world.accounts.import(std::move(rows), ImportMode::what_is_good);
    REQUIRE(report.added.size() == 1);
    CHECK(report.added.front().account.username == "one");
    REQUIRE(report.failure);
    CHECK(report.failure->code != ErrorCode::already_exists);
    CHECK(report.refused.empty());
    CHECK(world.count("SELECT count(*) FROM users") == 1);
}

TEST_CASE("accounts: a good row of an import is not refused for a bad one's name", "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    std::vector<Registration> rows;
    rows.push_back(AccessWorld::guest("anna", "anna@example.org", "NOPE"));
    rows.push_back(AccessWorld::staff("anna", "anna@example.org", Role::admin));
    const auto report = world.accounts.import(std::move(rows), ImportMode::what_is_good);
    CHECK(report.added.size() == 1);
    CHECK(report.refused.size() == 1);
}
