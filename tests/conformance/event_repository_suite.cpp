// What the event repository promises on every database.
#include "conformance/repository_fixture.hpp"

using namespace findme;
using namespace findme::testing;

TEST_CASE("events: what is inserted is found again, to the millisecond", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    Event made = make_event("PARTY2026");
    made.name = "'; DROP TABLE events; -- \xE2\x80\x9Cquoted\xE2\x80\x9D";
    made.created_at += std::chrono::milliseconds{7};
    made.id = store.events.insert(made);
    const auto found = store.events.find_by_code("PARTY2026");
    REQUIRE(found);
    CHECK(found->id == made.id);
    CHECK(found->name == made.name);
    CHECK(found->code == made.code);
    CHECK(found->date == made.date);
    CHECK(found->retention_days == made.retention_days);
    CHECK(found->created_at == made.created_at);
    CHECK(found->expires_at == made.expires_at);
}

TEST_CASE("events: an event without a date has none when it is read", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    Event made = make_event("UNDATED1");
    made.date.reset();
    store.events.insert(made);
    CHECK_FALSE(store.events.find_by_code("UNDATED1")->date);
}

TEST_CASE("events: a code is found however it is spelled, here or there", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    store.connection->run("INSERT INTO events (name, event_code) VALUES ($1, $2)",
                          {"adopted", "\xC3\x89t\xC3\xA9 2025-b"});
    store.connection->run("INSERT INTO events (name, event_code) VALUES ($1, $2)",
                          {"adopted", "gala-2025 x"});
    for (const auto spelling : {"A7KQ2MXP", "a7kq-2mxp", " A7KQ 2MXP "}) {
        REQUIRE(store.events.find_by_code(spelling));
        CHECK(store.events.find_by_code(spelling)->id == store.event);
    }
    for (const auto spelling : {"gala-2025 x", "GALA2025X", "Gala 2025 X"}) {
        REQUIRE(store.events.find_by_code(spelling));
        CHECK(store.events.find_by_code(spelling)->code == "gala-2025 x");
    }
    CHECK(store.events.find_by_code("\xC3\x89t\xC3\xA9 2025-b"));
    CHECK_FALSE(store.events.find_by_code("A7KQ2MX"));
    CHECK_FALSE(store.events.find_by_code("' OR 1=1 --"));
    CHECK_FALSE(store.events.find_by_code(""));
    CHECK_FALSE(store.events.find_by_code(" - "));
}

TEST_CASE("events: two adopted codes that differ in spelling only are never mistaken for one another",
          "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    for (const auto code : {"gala-1", "Gala 1"}) {
        store.connection->run("INSERT INTO events (name, event_code) VALUES ($1, $1)", {code});
    }
    CHECK(store.events.find_by_code("gala-1")->name == "gala-1");
    CHECK(store.events.find_by_code("Gala 1")->name == "Gala 1");
    CHECK_FALSE(store.events.find_by_code("GALA1"));
}

TEST_CASE("events: a code is taken in every spelling", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    store.connection->run("INSERT INTO events (name, event_code) VALUES ($1, $2)", {"adopted", "gala-2025"});
    CHECK(code_of([&] { store.events.insert(make_event("A7KQ2MXP")); }) == ErrorCode::already_exists);
    CHECK(code_of([&] { store.events.insert(make_event("GALA2025")); }) == ErrorCode::already_exists);
    CHECK(store.events.list().size() == 2);
}

TEST_CASE("events: one without an expiry expires its retention after the day's end, or after its creation",
          "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    store.connection->run(
        "INSERT INTO events (name, event_code, retention_days, date) VALUES ($1, $2, 365, $3)",
        {"elsewhere", "DATED", "2026-06-20T18:00:00.000Z"});
    store.connection->run(
        "INSERT INTO events (name, event_code, retention_days, created_at) VALUES ($1, $2, 365, $3)",
        {"elsewhere", "UNDATED", "2026-01-01T00:00:00.000Z"});
    store.connection->run(
        "INSERT INTO events (name, event_code, retention_days, created_at) VALUES ($1, $2, 365, NULL)",
        {"elsewhere", "TIMELESS"});
    const auto end_of = [&](const char* code) { return store.events.find_by_code(code)->expires_at.value(); };
    CHECK(to_iso8601(end_of("DATED")) == "2027-06-21T00:00:00.000Z");
    CHECK(to_iso8601(end_of("UNDATED")) == "2027-01-01T00:00:00.000Z");
    // Nothing says when it was: it is over, rather than searchable for ever.
    CHECK(end_of("TIMELESS") < FixedClock().now());
}

TEST_CASE("events: one that another program makes is undecided, and stays so until its retention is set",
          "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    store.connection->run("INSERT INTO events (name, event_code, date) VALUES ($1, $2, $3)",
                          {"adopted", "OLD22", "2020-06-20T18:00:00.000Z"});
    Event event = store.events.find_by_code("OLD22").value();
    CHECK(event.is_undecided());
    CHECK_FALSE(event.retention_days);
    CHECK_FALSE(event.is_expired(FixedClock().now()));
    CHECK_FALSE(event.is_searchable(FixedClock().now()));
    event.name = "another";
    store.events.update(event);
    event = store.events.find(event.id).value();
    CHECK(event.name == "another");
    CHECK(event.is_undecided());
    CHECK_FALSE(event.retention_days);
    // An end that was written by hand decides, whoever wrote it.
    store.connection->run("UPDATE events SET expires_at = $2 WHERE id = $1",
                          {event.id.value, "2026-06-01T00:00:00.000Z"});
    event = store.events.find(event.id).value();
    CHECK_FALSE(event.is_undecided());
    CHECK(event.is_expired(FixedClock().now()));
}

TEST_CASE("events: the list has the newest first", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    store.events.insert(make_event("SECOND22"));
    std::vector<std::string> codes;
    for (const auto& event : store.events.list()) codes.push_back(event.code);
    CHECK(codes == std::vector<std::string>{"SECOND22", "A7KQ2MXP"});
}

TEST_CASE("events: counts tell indexed photos, failed ones and faces, of this event alone", "[store]") {
    Fixture store(GENERATE(from_range(available_databases())));
    store.save(store.record(1, "/a.jpg", 2));
    store.save(store.record(2, "/b.jpg", 3));
    store.save(store.failed(3, "/c.jpg"));
    PhotoRecord elsewhere = store.record(1, "/a.jpg", 1);
    elsewhere.event = store.events.insert(make_event("OTHER222"));
    store.save(elsewhere);
    // A selfie of the web application: no hash, not ours to count.
    store.connection->run(
        "INSERT INTO photos (filename, photo_type, event_id, processing_status)"
        " VALUES ('x', 'selfie', $1, 'DONE')",
        {store.event.value});
    // A second model does not double the faces.
    PhotoRecord again = store.record(1, "/a.jpg", 2);
    again.model = kOtherModel;
    store.save(again);

    const auto counts = store.events.counts(store.event);
    CHECK(counts.photos == 2);
    CHECK(counts.failed == 1);
    CHECK(counts.faces == 5);
    const auto none = store.events.counts(EventId{999});
    CHECK(none.photos + none.failed + none.faces == 0);
}
