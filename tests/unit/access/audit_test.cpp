// The audit's chain, and what tampering with it shows.
#include <catch2/catch.hpp>
#include <thread>

#include "access_world.hpp"
#include "store/audit_repository.hpp"

using namespace findme;
using testing::AccessWorld;
using testing::available_databases;

namespace {

/// A chain of ten entries that whoever owns the database can change: the triggers that keep others from it
/// are gone.
struct Chain {
    explicit Chain(db::Dialect dialect) : world(dialect), connection(world.base.connect()) {
        for (int i = 1; i <= 10; ++i) {
            db::Transaction transaction(*connection, db::Access::write);
            store::AuditRepository(*connection)
                .append({"test", "user.added", "user:" + std::to_string(i), "n=1"});
            transaction.commit();
        }
        const std::string on = dialect == db::Dialect::postgresql ? " ON audit_log" : "";
        for (const std::string name : {"audit_log_keeps_values", "audit_log_keeps_rows"})
            connection->run("DROP TRIGGER " + name + on);
    }
    std::string damage() { return world.audit.verify().damage; }

    AccessWorld world;
    std::shared_ptr<db::Connection> connection;
};

}  // namespace

TEST_CASE("audit: entries count up without gaps and the chain is whole", "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    CHECK(world.audit.verify().good());
    CHECK(world.audit.verify().head.id == 0);
    const Event event = world.make_event("AAAA");
    static_cast<void>(world.accounts.add(AccessWorld::guest("anna", "anna@example.org", "AAAA")));
    const auto entries = world.audit.list({});
    for (std::size_t i = 0; i < entries.size(); ++i) CHECK(entries[i].id == static_cast<std::int64_t>(i) + 1);
    const AuditCheck check = world.audit.verify();
    CHECK(check.good());
    CHECK(check.entries == std::ssize(entries));
    CHECK(check.head.hash == entries.back().hash);
    CHECK(world.audit.list({0, 0, "event:" + std::to_string(event.id.value), ""}).size() == 1);
    CHECK(world.audit.list({0, 0, "", "user."}).size() == 1);
    CHECK(world.audit.list({0, 0, "", "user.add"}).empty());
    CHECK(world.audit.list({1, 1, "", ""}).front().id == 2);
}

TEST_CASE("audit: the database refuses to change or remove an entry", "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    world.make_event("AAAA");
    CHECK_THROWS_AS(world.base.connect()->run("UPDATE audit_log SET detail = 'x'"), Error);
    CHECK_THROWS_AS(world.base.connect()->run("DELETE FROM audit_log"), Error);
    CHECK(world.audit.verify().good());
}

TEST_CASE("audit: a changed entry is named", "[access]") {
    Chain chain(GENERATE(from_range(available_databases())));
    const std::string column = GENERATE("actor", "action", "subject", "detail");
    chain.connection->run("UPDATE audit_log SET " + column + " = 'someone else' WHERE id = 4");
    CHECK(chain.damage().find("entry 4 was changed") != std::string::npos);
}

TEST_CASE("audit: text that moves from one field to the next is noticed", "[access]") {
    Chain chain(GENERATE(from_range(available_databases())));
    chain.connection->run("UPDATE audit_log SET action = 'user.addedu', subject = 'ser:4' WHERE id = 4");
    CHECK(chain.damage().find("entry 4 was changed") != std::string::npos);
}

TEST_CASE("audit: a removed entry is missed, at the end too", "[access]") {
    Chain chain(GENERATE(from_range(available_databases())));
    SECTION("in the middle") {
        chain.connection->run("DELETE FROM audit_log WHERE id = 4");
        CHECK(chain.damage().find("entry 4 is missing") != std::string::npos);
    }
    SECTION("at the end") {
        chain.connection->run("DELETE FROM audit_log WHERE id = 10");
        CHECK(chain.damage().find("the last entry should be 10") != std::string::npos);
    }
    SECTION("all") {
        chain.connection->run("DELETE FROM audit_log");
        CHECK(chain.damage().find("the last entry should be 10") != std::string::npos);
    }
}

TEST_CASE("audit: entries that changed places and one that was added are noticed", "[access]") {
    Chain chain(GENERATE(from_range(available_databases())));
    SECTION("places") {
        chain.connection->run("UPDATE audit_log SET id = 99 WHERE id = 4");
        chain.connection->run("UPDATE audit_log SET id = 4 WHERE id = 5");
        chain.connection->run("UPDATE audit_log SET id = 5 WHERE id = 99");
        CHECK(chain.damage().find("entry 4 was changed") != std::string::npos);
    }
    SECTION("added") {
        chain.connection->run(
            "INSERT INTO audit_log (id, at, actor, action, subject, detail, hash)"
            " SELECT 11, at, actor, action, subject, detail, hash FROM audit_log WHERE id = 10");
        CHECK(chain.damage().find("entry 11 was changed") != std::string::npos);
    }
}

TEST_CASE("audit: a chain that was written anew differs from the head that was noted down", "[access]") {
    Chain chain(GENERATE(from_range(available_databases())));
    const AuditAnchor noted = chain.world.audit.verify().head;
    CHECK(chain.world.audit.verify(noted).good());
    AuditAnchor other = noted;
    other.hash[0] ^= 1U;
    CHECK(chain.world.audit.verify(other).damage.find("entry 10 is not the one") != std::string::npos);
    other = {11, noted.hash};
    CHECK(chain.world.audit.verify(other).damage.find("there is no entry 11") != std::string::npos);
}

TEST_CASE("audit: what is rolled back leaves no entry and no gap", "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    world.make_event("AAAA");
    {
        const auto connection = world.base.connect();
        db::Transaction transaction(*connection, db::Access::write);
        store::AuditRepository(*connection).append({"test", "user.added", "user:1", ""});
    }
    world.make_event("BBBB");
    CHECK(world.audit.verify().good());
    CHECK(world.audit.verify().entries == 2);
}

TEST_CASE("audit: writers at the same time make one chain", "[access]") {
    AccessWorld world(GENERATE(from_range(available_databases())));
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            const auto connection = world.base.connect();
            for (int n = 0; n < 25; ++n) {
                db::Transaction transaction(*connection, db::Access::write);
                store::AuditRepository(*connection).append({"test", "user.added", "user:1", ""});
                transaction.commit();
            }
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(world.audit.verify().good());
    CHECK(world.audit.verify().entries == 100);
}
