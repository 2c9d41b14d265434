#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "context.hpp"
#include "findme/health.hpp"
#include "output/json.hpp"
#include "output/progress.hpp"

namespace findme::cli {

/// What is to be said of findings that can be mended.
enum class Mending {
    none,     ///< Nobody asked for it.
    dry_run,  ///< It would be mended.
    done,
};

Json to_json(const Finding& finding);
/// `ok`, `note`, `warning`, `error` or `skipped`.
std::string status_of(const DoctorCheck& check);

/// 0 without any but notes, 3 for warnings, for errors the code of the gravest; what was mended does not
/// count.
ExitCode exit_code_of(const DoctorReport& report);

/// Renders the checks as they are made; what takes long stands at the foot of a terminal meanwhile.
class DoctorPrinter final : public DoctorObserver {
  public:
    /// @param problems  of the configuration: told of with the check that comes first, which is its own.
    DoctorPrinter(Context& context, Mending mending, std::vector<ErrorInfo> problems);

    void on_check(std::string_view name) override;
    void on_checked(const DoctorCheck& made) override;
    /// What is said at the end.
    ExitCode finish();

  private:
    Context& context_;
    Mending mending_;
    std::vector<ErrorInfo> problems_;
    ProgressLine line_;
    DoctorReport report_;
};

}  // namespace findme::cli
