#pragma once

#include <string>
#include <vector>

#include "findme/clock.hpp"
#include "ops/doctor_check.hpp"
#include "store/doctor_server.hpp"

/// What `doctor` makes of a PostgreSQL server, and of clocks.
namespace findme::ops {

/// Whether findme can work with it at all.
void judge_server_use(CheckRun& run, const store::ServerFacts& facts,
                      const std::vector<std::string>& missing);
/// What the pools of all processes may open at once.
struct PoolDemand {
    std::int64_t size = 0;  ///< Of one process, overflow included.
    std::int64_t processes = 1;
};
/// Whether the server has room for them, also beside what else is connected now.
void judge_pool(CheckRun& run, const store::ServerFacts& facts, const PoolDemand& demand);
/// Whether the server keeps data safe, and keeps itself in shape.
void judge_server_care(CheckRun& run, const store::ServerFacts& facts);
void check_sequences(CheckRun& run, db::Connection& connection);

/// This machine's clock before and after the database was asked for its own.
struct ClockReading {
    Timestamp before;
    Timestamp database;
    Timestamp after;
};
void judge_clock(CheckRun& run, const ClockReading& reading);

}  // namespace findme::ops
