#pragma once

#include <chrono>
#include <cstdint>
#include <ostream>
#include <string>

#include "findme/ingest.hpp"

namespace findme::cli {

/// One line at the foot of a terminal: how far, how fast, how long still.
class ProgressLine {
  public:
    ProgressLine(std::ostream& err, bool visible) : err_(err), visible_(visible) {}
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;
    ~ProgressLine() { clear(); }

    void show(const IndexProgress& progress);
    /// What is being done, where there is nothing to count.
    void show(const std::string& line);
    /// Takes the line away, so that something else can be printed.
    void clear();

  private:
    std::ostream& err_;
    bool visible_;
    bool drawn_ = false;
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace findme::cli
