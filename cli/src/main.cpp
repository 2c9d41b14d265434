#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <memory>
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

/// The heap begins in huge pages. A search by selfie touches some ten megabytes of it for the first time,
/// mostly to compile the networks, and spent a quarter of its time on having the kernel make them in small
/// pages. It is address space that is asked for here: memory is used as it is touched. Where there are no
/// huge pages nothing is lost.
void begin_heap_in_huge_pages() {
#ifdef __GLIBC__
    constexpr int kHeap_bytes = 32 << 20;
    constexpr std::size_t kHugePage_bytes = std::size_t{2} << 20U;
    mallopt(M_TRIM_THRESHOLD, 64 << 20);  // What has grown is not given back at once.
    mallopt(M_TOP_PAD, kHeap_bytes);
    mallopt(M_MMAP_THRESHOLD, 2 << 20);
    void* begin = sbrk(0);
    // More than a heap has at first, so that it grows; volatile, so that the compiler leaves the pair alone.
    void* volatile block = std::malloc(std::size_t{1} << 20U);
    std::free(block);
    // The defaults, which large blocks, a model's file for one, go back to the kernel by; `index` has its
    // own. The C library no longer adapts them, now that one was set.
    mallopt(M_TOP_PAD, 128 << 10);
    mallopt(M_MMAP_THRESHOLD, 128 << 10);
    // Under a sanitizer, which has a heap of its own, nothing has grown.
    auto grown = static_cast<std::size_t>(static_cast<std::byte*>(sbrk(0)) - static_cast<std::byte*>(begin));
    if (std::align(kHugePage_bytes, kHugePage_bytes, begin, grown) != nullptr)
        static_cast<void>(madvise(begin, grown, MADV_HUGEPAGE));
#endif
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
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    // A service that runs for months is to be small; it has no networks.
    if (std::find(arguments.begin(), arguments.end(), "serve-health") == arguments.end())
        begin_heap_in_huge_pages();
    occupy_standard_streams();
    std::ios::sync_with_stdio(false);
    findme::cli::Terminal terminal{std::cin, std::cout, std::cerr};
    terminal.err_is_terminal = isatty(STDERR_FILENO) == 1;
    terminal.owns_signals = true;
    terminal.err_descriptor = STDERR_FILENO;
    return static_cast<int>(findme::cli::run_app(arguments, snapshot(variables), terminal));
}
