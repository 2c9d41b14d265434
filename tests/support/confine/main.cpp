// Does the work of a systemd unit under the unit's own restrictions, where systemd itself cannot run:
//
//   confine [--strict] [--writable FOLDER]... UNIT                        each ExecStart= in turn, until one
//   fails confine [--strict] [--writable FOLDER]... UNIT PROGRAM [ARGUMENT...]  another program instead
//
// --strict ends the process where the unit's SystemCallFilter= would refuse a system call (SIGSYS). The
// folders stand for the unit's StateDirectory=. %d is $CREDENTIALS_DIRECTORY. Exit code 125: the unit cannot
// be followed.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <iostream>
#include <stdexcept>

#include "support/confine/surroundings.hpp"
#include "support/confine/system_calls.hpp"

namespace findme::confine {
namespace {

constexpr int kCannotFollow = 125;

struct Options {
    Refusal refusal = Refusal::as_the_unit_says;
    std::vector<std::string> writable;
    std::string unit;
    std::vector<std::string> program;
};

Options parse(std::vector<std::string> arguments) {
    Options options;
    auto at = arguments.begin();
    for (; at != arguments.end() && at->starts_with("--"); ++at) {
        if (*at == "--strict") {
            options.refusal = Refusal::end_the_process;
        } else if (*at == "--writable" && at + 1 != arguments.end()) {
            options.writable.push_back(*++at);
        } else {
            throw std::runtime_error("unknown option " + *at);
        }
    }
    if (at == arguments.end()) throw std::runtime_error("which unit?");
    options.unit = std::filesystem::absolute(*at++);
    options.program.assign(at, arguments.end());
    return options;
}

Environment callers_environment() {
    Environment result;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string line = *entry;
        const auto equals = line.find('=');
        if (equals != std::string::npos) result[line.substr(0, equals)] = line.substr(equals + 1);
    }
    return result;
}

[[noreturn]] void execute(std::vector<std::string> words) {
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    execvp(arguments.front(), arguments.data());
    throw std::runtime_error("cannot execute " + words.front() + ": " + std::strerror(errno));
}

/// Never returns: what it did cannot be taken back.
[[noreturn]] void run_confined(const Options& options, const UnitFile& unit,
                               const std::vector<std::string>& words) {
    restrict_surroundings(unit, options.writable);
    restrict_system_calls(unit, options.refusal);
    execute(words);
}

int code_of(int status) {
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int run(const Options& options) {
    const UnitFile unit(options.unit);
    const auto environment = unit.environment(callers_environment());
    for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
    auto commands = unit.commands(environment);
    if (!options.program.empty()) commands = {options.program};
    for (std::size_t at = 0; at + 1 < commands.size(); ++at) {
        const pid_t child = fork();
        if (child < 0) throw std::runtime_error("cannot fork");
        if (child == 0) run_confined(options, unit, commands[at]);
        int status = 0;
        waitpid(child, &status, 0);
        if (status != 0) return code_of(status);
    }
    // This very process, so that its signals and its end are the program's.
    run_confined(options, unit, commands.back());
}

}  // namespace
}  // namespace findme::confine

int main(int argc, char** argv) {
    try {
        return findme::confine::run(findme::confine::parse({argv + 1, argv + argc}));
    } catch (const std::exception& error) {
        std::cerr << "confine: " << error.what() << '\n';
        return findme::confine::kCannotFollow;
    }
}
