#include "ops/doctor_check.hpp"

#include <algorithm>
#include <exception>

namespace findme {

std::string_view to_string(Severity severity) noexcept {
    switch (severity) {
        case Severity::note:
            return "note";
        case Severity::warning:
            return "warning";
        case Severity::error:
            return "error";
    }
    return "error";
}

Severity DoctorReport::worst() const {
    Severity worst = Severity::note;
    for (const DoctorCheck& check : checks) {
        for (const Finding& finding : check.findings) {
            if (!finding.fixed) worst = std::max(worst, finding.severity);
        }
    }
    return worst;
}

}  // namespace findme

namespace findme::ops {
namespace {

std::string remedy_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::config_invalid:
            return "correct the setting; `findme config show` says where it comes from";
        case ErrorCode::not_found:
            return "create the database, then run `findme migrate`; or correct its URL";
        case ErrorCode::store_unreachable:
            return "see that the server runs and that the URL is right, then run this again";
        case ErrorCode::store_locked:
            return "wait for the process that holds it, or find it with `fuser` or pg_locks, then run this "
                   "again";
        case ErrorCode::store_denied:
            return "give the role what it lacks; examples/postgresql_roles.sql grants what findme needs";
        case ErrorCode::clocks_differ:
            return "let both machines follow a time server (timedatectl set-ntp true), then run this again";
        case ErrorCode::store_read_only:
            return "make the file and its folder writable, or connect to the primary server";
        case ErrorCode::store_full:
            return "free some space where the database lies";
        case ErrorCode::store_corrupt:
            return "restore it from a backup";
        case ErrorCode::file_unreadable:
            return "correct the permissions of the file";
        default:
            return "run this again, and report it if it stays";
    }
}

}  // namespace

void CheckRun::skip(std::string why) {
    check_.skipped = true;
    check_.summary = std::move(why);
}

void CheckRun::add(Severity severity, ErrorCode code, std::string_view name, std::string message,
                   std::string remedy, const Mend& mend) {
    Finding finding{check_.name + "." + std::string(name),
                    severity,
                    code,
                    std::move(message),
                    std::move(remedy),
                    mend != nullptr,
                    false};
    if (mend && repairs_ == Repairs::safe) {
        try {
            mend();
            finding.fixed = true;
        } catch (const Error& error) {
            finding.message += "; mending it failed: " + error.info().message;
        }
    }
    check_.findings.push_back(std::move(finding));
}

void CheckRun::add_failure(const ErrorInfo& error) {
    constexpr std::string_view kStore = "store_";
    std::string_view name = to_string(error.code);
    if (name.starts_with(kStore)) name.remove_prefix(kStore.size());
    add(Severity::error, error.code, name, error.message, remedy_of(error.code));
}

void run_check(DoctorReport& report, std::string name, Repairs repairs,
               const std::function<void(CheckRun&)>& body) {
    CheckRun run(std::move(name), repairs);
    const auto fail = [&](const ErrorInfo& error) {
        if (!run.has_findings()) run.see("could not be looked at to the end");
        run.add_failure(error);
    };
    try {
        body(run);
    } catch (const Error& error) {
        fail(error.info());
    } catch (const std::exception& error) {
        fail({ErrorCode::internal, std::string("internal error, please report it: ") + error.what()});
    }
    report.checks.push_back(run.take());
}

std::string counted(std::int64_t count, std::string_view noun) {
    return counted(count, noun, std::string(noun) + "s");
}

std::string counted(std::int64_t count, std::string_view one, std::string_view many) {
    return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

}  // namespace findme::ops
