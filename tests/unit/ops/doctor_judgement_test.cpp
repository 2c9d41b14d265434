// What doctor makes of facts that a test cannot bring about: clocks, old transactions, full disks, old
// servers.
#include <catch2/catch.hpp>
#include <stdexcept>
#include <string>

#include "findme/error.hpp"
#include "findme/open_store.hpp"
#include "ops/doctor_check.hpp"
#include "ops/doctor_files.hpp"
#include "ops/doctor_server.hpp"

using namespace findme;
using ops::CheckRun;

namespace {

DoctorCheck judged(const std::function<void(CheckRun&)>& judge) {
    CheckRun run("x", Repairs::none);
    judge(run);
    return run.take();
}

std::string names(const DoctorCheck& check) {
    std::string text;
    for (const Finding& finding : check.findings) {
        CHECK_FALSE(finding.message.empty());
        CHECK_FALSE(finding.remedy.empty());
        text += (text.empty() ? "" : " ") + finding.check;
    }
    return text;
}

store::ServerFacts healthy_server() {
    store::ServerFacts facts;
    facts.version = "15.18";
    facts.version_number = 150018;
    facts.encoding = "UTF8";
    facts.max_connections = 100;
    facts.reserved_connections = 3;
    facts.other_connections = 10;
    facts.transaction_age = 200'000'000;
    return facts;
}

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

}  // namespace

TEST_CASE(
    "doctor: the pools of all processes are held against max_connections without those reserved, and against "
    "narrower limits",
    "[ops][doctor]") {
    const auto pool = [](const store::ServerFacts& facts, const ops::PoolDemand& demand) {
        return names(judged([&](CheckRun& run) { ops::judge_pool(run, facts, demand); }));
    };
    store::ServerFacts facts = healthy_server();
    CHECK(pool(facts, {87, 1}).empty());
    CHECK(pool(facts, {88, 1}) == "x.crowded");
    CHECK(pool(facts, {97, 1}) == "x.crowded");
    CHECK(pool(facts, {98, 1}) == "x.too_large");
    // FindMe's own: 5 workers with 30 and 70 connections each, at a server that took 100 in all.
    CHECK(pool(facts, {100, 5}) == "x.too_large");
    CHECK(pool(facts, {29, 3}).empty());
    CHECK(pool(facts, {30, 3}) == "x.crowded");
    CHECK(pool(facts, {33, 3}) == "x.too_large");
    facts.role_limit = 20;
    CHECK(pool(facts, {10, 2}).empty());
    CHECK(pool(facts, {7, 3}) == "x.too_large");
    facts.database_limit = 5;
    CHECK(pool(facts, {3, 2}) == "x.too_large");
    // A limit above the server's own changes nothing.
    facts.role_limit = facts.database_limit = 1000;
    CHECK(pool(facts, {87, 1}).empty());
}

TEST_CASE(
    "doctor: the pools' own sessions are not counted twice, and betray more processes than were told of",
    "[ops][doctor]") {
    store::ServerFacts facts = healthy_server();
    facts.pool_connections = 30;
    const auto pool = [&](const ops::PoolDemand& demand) {
        return judged([&](CheckRun& run) { ops::judge_pool(run, facts, demand); });
    };
    CHECK(names(pool({15, 2})).empty());
    CHECK(names(pool({87, 1})).empty());
    CHECK(pool({15, 2}).summary ==
          "2 processes with up to 15 connections each, 97 allowed, 30 open, 10 of others");
    CHECK(names(pool({15, 1})) == "x.more_processes");
}

TEST_CASE("doctor: clocks differ only by what the time of asking does not explain", "[ops][doctor]") {
    const Timestamp noon{std::chrono::hours{24 * 365 * 56}};
    const auto skew = [&](std::chrono::milliseconds database, std::chrono::milliseconds after) {
        return names(judged([&](CheckRun& run) {
            ops::judge_clock(run, {noon, noon + database, noon + after});
        }));
    };
    using std::chrono::milliseconds;
    CHECK(skew(milliseconds{5}, milliseconds{10}).empty());
    CHECK(skew(milliseconds{2010}, milliseconds{10}).empty());
    CHECK(skew(milliseconds{2011}, milliseconds{10}) == "x.skew");
    CHECK(skew(milliseconds{-2000}, milliseconds{10}).empty());
    CHECK(skew(milliseconds{-2001}, milliseconds{10}) == "x.skew");
    // A server that took ten seconds to answer may be right.
    CHECK(skew(milliseconds{9000}, milliseconds{10'000}).empty());
}

TEST_CASE("doctor: a server whose transactions grow old is named before it stops", "[ops][doctor]") {
    store::ServerFacts facts = healthy_server();
    const auto care = [&] {
        return names(judged([&](CheckRun& run) { ops::judge_server_care(run, facts); }));
    };
    CHECK(care().empty());
    facts.transaction_age = 1'000'000'001;
    CHECK(care() == "x.wraparound");
    facts.fsync = facts.full_page_writes = facts.autovacuum = false;
    facts.tables_without_autovacuum = {"faces"};
    CHECK(care() ==
          "x.fsync_off x.full_page_writes_off x.autovacuum_off x.table_autovacuum_off x.wraparound");
}

TEST_CASE("doctor: a server that findme cannot work with is named", "[ops][doctor]") {
    store::ServerFacts facts = healthy_server();
    const auto use = [&](const std::vector<std::string>& missing) {
        return judged([&](CheckRun& run) { ops::judge_server_use(run, facts, missing); });
    };
    CHECK(use({}).findings.empty());
    facts.version_number = 130012;
    facts.encoding = "LATIN1";
    facts.read_only = true;
    const DoctorCheck check = use({"DELETE on faces", "USAGE on users_id_seq"});
    CHECK(names(check) == "x.version x.encoding x.read_only x.privileges");
    CHECK(check.findings.back().code == ErrorCode::store_denied);
    CHECK(check.findings.back().message.find("DELETE on faces, USAGE on users_id_seq") != std::string::npos);
}

TEST_CASE("doctor: a disk is low below a gibibyte or a twentieth", "[ops][doctor]") {
    const auto disk = [](std::uint64_t total_mib, std::uint64_t left_mib, bool writable = true) {
        return names(judged([&](CheckRun& run) {
            ops::judge_disk(run, {"/srv", total_mib * kMiB, left_mib * kMiB, writable});
        }));
    };
    CHECK(disk(10'000, 1024).empty());
    CHECK(disk(10'000, 1023) == "x.low");
    CHECK(disk(100'000, 5000).empty());
    CHECK(disk(100'000, 4999) == "x.low");
    CHECK(disk(10'000, 5000, false) == "x.read_only");
}

TEST_CASE("doctor: a check that fails is a finding, and hides neither what it found nor the next check",
          "[ops][doctor]") {
    DoctorReport report;
    ops::run_check(report, "first", Repairs::none, [](CheckRun& run) {
        run.add(Severity::note, ErrorCode::internal, "small", "something small", "nothing");
        throw Error(ErrorCode::store_locked, "somebody holds it");
    });
    ops::run_check(report, "second", Repairs::none, [](CheckRun&) { throw std::runtime_error("a bug"); });
    ops::run_check(report, "third", Repairs::none, [](CheckRun& run) { run.see("all"); });
    REQUIRE(report.checks.size() == 3);
    CHECK(names(report.checks[0]) == "first.small first.locked");
    CHECK(report.checks[0].findings[1].code == ErrorCode::store_locked);
    CHECK(names(report.checks[1]) == "second.internal");
    CHECK(report.checks[2].findings.empty());
    CHECK(report.worst() == Severity::error);
}

TEST_CASE("doctor: mending is done only when asked for, and its failure leaves the finding",
          "[ops][doctor]") {
    int mended = 0;
    const auto look = [&](Repairs repairs) {
        CheckRun run("x", repairs);
        run.add(Severity::error, ErrorCode::internal, "can", "can be mended", "mend it", [&] { ++mended; });
        run.add(Severity::warning, ErrorCode::internal, "cannot", "cannot be mended", "try",
                [] { throw Error(ErrorCode::store_denied, "not allowed"); });
        run.add(Severity::note, ErrorCode::internal, "never", "is not for mending", "look");
        return run.take();
    };
    DoctorReport report;
    report.checks = {look(Repairs::none)};
    CHECK(mended == 0);
    CHECK(report.worst() == Severity::error);
    CHECK(report.checks[0].findings[0].fixable);
    CHECK_FALSE(report.checks[0].findings[2].fixable);

    report.checks = {look(Repairs::safe)};
    CHECK(mended == 1);
    CHECK(report.checks[0].findings[0].fixed);
    CHECK_FALSE(report.checks[0].findings[1].fixed);
    CHECK(report.checks[0].findings[1].message == "cannot be mended; mending it failed: not allowed");
    // What was mended does not count.
    CHECK(report.worst() == Severity::warning);
}

TEST_CASE("doctor: the path of an embedded database is absolute, and a server has none", "[ops][doctor]") {
    CHECK(embedded_file_of("sqlite:/nowhere/b/../c.db") == "/nowhere/c.db");
    CHECK(embedded_file_of("sqlite:c.db").front() == '/');
    CHECK(embedded_file_of("postgresql:///x").empty());
    CHECK(embedded_file_of("sqlite:").empty());
}
