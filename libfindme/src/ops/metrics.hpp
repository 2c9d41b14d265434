#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "ops/health_answers.hpp"

namespace findme::ops {

/// Counts what the server does, and writes it down with what is known of database and process, in
/// Prometheus's text format 0.0.4. No label names a person, an event or a file.
/// @threads  all of it, from several at once.
class Metrics {
  public:
    void count_request(Endpoint endpoint, unsigned status);
    void count_refused() { ++refused_; }
    void count_overdue() { ++overdue_; }
    [[nodiscard]] std::string render(const HealthView& view, std::size_t open_connections) const;

  private:
    mutable std::mutex mutex_;
    std::map<std::pair<Endpoint, unsigned>, std::uint64_t> requests_;
    std::atomic<std::uint64_t> refused_{0};
    std::atomic<std::uint64_t> overdue_{0};
};

}  // namespace findme::ops
