#pragma once

#include "context.hpp"
#include "findme/health.hpp"
#include "output/json.hpp"

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

void print_doctor(Context& context, const DoctorReport& report, Mending mending);

}  // namespace findme::cli
