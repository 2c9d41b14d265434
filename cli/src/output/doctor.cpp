#include "output/doctor.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "exit_code.hpp"
#include "output/text.hpp"

namespace findme::cli {
namespace {

constexpr std::size_t kStatusWidth = 9;
constexpr std::size_t kNameWidth = 17;

std::string padded(std::string text, std::size_t width) {
    text.resize(std::max(text.size(), width), ' ');
    return text;
}

Json check_json(const DoctorCheck& check) {
    Json json = {{"name", check.name},
                 {"status", status_of(check)},
                 {"summary", check.summary},
                 {"findings", Json::array()}};
    for (const Finding& finding : check.findings) json["findings"].push_back(to_json(finding));
    return json;
}

/// What becomes of it, in brackets.
std::string mending_of(const Finding& finding, Mending mending) {
    if (finding.fixed) return " (mended)";
    if (!finding.fixable) return "";
    switch (mending) {
        case Mending::none:
            return " (--fix mends it)";
        case Mending::dry_run:
            return " (would be mended)";
        case Mending::done:
            return " (not mended)";
    }
    return "";
}

void print_check(std::ostream& out, const DoctorCheck& check) {
    out << padded(status_of(check), kStatusWidth) << padded(check.name, kNameWidth) << one_line(check.summary)
        << '\n';
}

void print_finding(std::ostream& out, const Finding& finding, Mending mending) {
    const std::string indent(kStatusWidth, ' ');
    out << indent << to_string(finding.severity) << ": " << finding.check << mending_of(finding, mending)
        << '\n'
        << indent << "  " << one_line(finding.message) << '\n'
        << indent << "  -> " << one_line(finding.remedy) << '\n';
}

std::string summary_of(const DoctorReport& report) {
    std::map<Severity, std::int64_t> open;
    std::int64_t mended = 0;
    for (const DoctorCheck& check : report.checks) {
        for (const Finding& finding : check.findings) {
            if (finding.fixed) ++mended;
            if (!finding.fixed) ++open[finding.severity];
        }
    }
    return counted(std::ssize(report.checks), "check") + ": " + counted(open[Severity::error], "error") +
           ", " + counted(open[Severity::warning], "warning") + ", " + counted(open[Severity::note], "note") +
           (mended > 0 ? ", " + std::to_string(mended) + " mended" : "");
}

}  // namespace

Json to_json(const Finding& finding) {
    return {{"check", finding.check},          {"severity", to_string(finding.severity)},
            {"code", to_string(finding.code)}, {"message", finding.message},
            {"remedy", finding.remedy},        {"fixable", finding.fixable},
            {"fixed", finding.fixed}};
}

std::string status_of(const DoctorCheck& check) {
    if (check.skipped) return "skipped";
    const auto open = [](const Finding& finding) { return !finding.fixed; };
    if (std::none_of(check.findings.begin(), check.findings.end(), open)) return "ok";
    return std::string(to_string(DoctorReport{{check}}.worst()));
}

ExitCode exit_code_of(const DoctorReport& report) {
    // What an operator has to hear of first, when several are true.
    constexpr std::array kGravest{ExitCode::corrupt,  ExitCode::schema, ExitCode::denied,
                                  ExitCode::conflict, ExitCode::usage,  ExitCode::nothing};
    if (report.worst() == Severity::note) return ExitCode::done;
    if (report.worst() == Severity::warning) return ExitCode::partial;
    std::size_t gravest = kGravest.size();
    for (const DoctorCheck& check : report.checks) {
        for (const Finding& finding : check.findings) {
            if (finding.fixed || finding.severity != Severity::error) continue;
            const auto* const place = std::find(kGravest.begin(), kGravest.end(), exit_code_of(finding.code));
            gravest = std::min(gravest, static_cast<std::size_t>(place - kGravest.begin()));
        }
    }
    return gravest < kGravest.size() ? kGravest[gravest] : ExitCode::failed;
}

DoctorPrinter::DoctorPrinter(Context& context, Mending mending, std::vector<ErrorInfo> problems)
    : context_(context),
      mending_(mending),
      problems_(std::move(problems)),
      line_(context.err(), context.shows_progress()) {}

void DoctorPrinter::on_check(std::string_view name) {
    line_.show("looking at " + std::string(name) + ", " + counted(std::ssize(report_.checks), "check") +
               " done");
}

void DoctorPrinter::on_checked(const DoctorCheck& made) {
    line_.clear();
    DoctorCheck& check = report_.checks.emplace_back(made);
    for (const ErrorInfo& problem : std::exchange(problems_, {})) {
        check.findings.push_back({"configuration.invalid", Severity::error, problem.code, problem.message,
                                  "correct it; findme.yaml(5) lists every setting", false, false});
    }
    std::ostream& out = context_.out();
    if (context_.options.output == OutputFormat::jsonl) {
        Json line = {{"type", "doctor_check"}, {"v", 1}};
        line.update(check_json(check));
        return write_line(out, line);
    }
    if (!context_.is_text()) return;
    if (!context_.options.quiet) print_check(out, check);
    for (const Finding& finding : check.findings) print_finding(out, finding, mending_);
    out.flush();
}

ExitCode DoctorPrinter::finish() {
    const ExitCode exit = exit_code_of(report_);
    if (context_.options.output == OutputFormat::json) {
        Json json = {{"type", "doctor"},
                     {"v", 1},
                     {"checks", Json::array()},
                     {"worst", to_string(report_.worst())},
                     {"dry_run", mending_ == Mending::dry_run},
                     {"exit_code", static_cast<int>(exit)}};
        for (const DoctorCheck& check : report_.checks) json["checks"].push_back(check_json(check));
        write_document(context_.out(), json);
    }
    if (context_.is_text() && !context_.options.quiet) context_.out() << summary_of(report_) << '\n';
    return exit;
}

}  // namespace findme::cli
