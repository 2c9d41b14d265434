#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "findme/health.hpp"

namespace findme::ops {

/// Mends one finding. @errors throws Error when it cannot.
using Mend = std::function<void()>;

/// One check while it is at work: gathers what it finds and, where that is asked for, mends it on the spot.
class CheckRun {
  public:
    CheckRun(std::string name, Repairs repairs) : repairs_(repairs) { check_.name = std::move(name); }

    [[nodiscard]] Repairs repairs() const noexcept { return repairs_; }
    /// What was seen.
    void see(std::string summary) { check_.summary = std::move(summary); }
    void skip(std::string why);
    /// @param name  what follows the check's own, as in `index_missing`. @param mend  null: not without loss.
    /// A mend that fails leaves the finding as it is, and says why in the message.
    void add(Severity severity, ErrorCode code, std::string_view name, std::string message,
             std::string remedy, const Mend& mend = nullptr);
    /// What a call failed with, as a finding named after the code: `unreachable` of store_unreachable.
    void add_failure(const ErrorInfo& error);
    [[nodiscard]] bool has_findings() const noexcept { return !check_.findings.empty(); }
    /// For a check that mends several findings by one act.
    [[nodiscard]] std::vector<Finding>& findings() noexcept { return check_.findings; }
    [[nodiscard]] DoctorCheck take() { return std::move(check_); }

  private:
    Repairs repairs_;
    DoctorCheck check_;
};

/// Runs one check and adds it to the report, whatever becomes of it: what it throws is a finding.
void run_check(DoctorReport& report, std::string name, Repairs repairs,
               const std::function<void(CheckRun&)>& body);

/// `1 photo`, `2 photos`.
[[nodiscard]] std::string counted(std::int64_t count, std::string_view noun);
/// Where the plural is no matter of an s.
[[nodiscard]] std::string counted(std::int64_t count, std::string_view one, std::string_view many);

}  // namespace findme::ops
