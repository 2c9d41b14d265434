#include <fcntl.h>
#include <unistd.h>

#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "app.hpp"

namespace {

/// A closed standard stream would lend its number to the next file opened: results would be written into the
/// database. The stand-in refuses writing, so that lost output is noticed.
void occupy_standard_streams() {
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (fcntl(fd, F_GETFD) == -1) static_cast<void>(open("/dev/null", O_RDONLY));
    }
}

findme::Environment snapshot(char** variables) {
    findme::Environment environment;
    for (; *variables != nullptr; ++variables) {
        const std::string_view pair(*variables);
        const auto equals = pair.find('=');
        if (equals != std::string_view::npos)
            environment.emplace(pair.substr(0, equals), pair.substr(equals + 1));
    }
    return environment;
}

}  // namespace

int main(int argc, char** argv, char** variables) {
    occupy_standard_streams();
    std::ios::sync_with_stdio(false);
    findme::cli::Terminal terminal{std::cin, std::cout, std::cerr};
    terminal.err_is_terminal = isatty(STDERR_FILENO) == 1;
    terminal.owns_signals = true;
    terminal.err_descriptor = STDERR_FILENO;
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    return static_cast<int>(findme::cli::run_app(arguments, snapshot(variables), terminal));
}
