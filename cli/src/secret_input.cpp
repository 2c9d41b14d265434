#include "secret_input.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "findme/text.hpp"
#include "value_check.hpp"

namespace findme::cli {
namespace {

// What the library takes, and a line end.
constexpr std::size_t kMostBytes = 1024;
constexpr std::size_t kBufferBytes = kMostBytes + 3;

/// What is read of a secret, wiped when it goes.
struct Buffer {
    std::array<char, kBufferBytes> bytes{};
    std::size_t size = 0;
    Buffer() = default;
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer() { explicit_bzero(bytes.data(), bytes.size()); }
};

/// A file descriptor that closes itself.
class File {
  public:
    explicit File(int fd) : fd_(fd) {}
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
        if (fd_ >= 0) close(fd_);
    }
    [[nodiscard]] int fd() const { return fd_; }

  private:
    int fd_;
};

/// A terminal that shows nothing of what is typed but the line's end.
class Silence {
  public:
    Silence() {
        termios silent{};
        if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
        silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        silent.c_lflag |= ECHONL;
        is_silent_ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
    }
    Silence(const Silence&) = delete;
    Silence& operator=(const Silence&) = delete;
    // What was typed beyond the limit goes too: a shell would take it for a command.
    ~Silence() {
        if (is_silent_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }
    [[nodiscard]] bool is_silent() const { return is_silent_; }

  private:
    termios before_{};
    bool is_silent_ = false;
};

/// A crash must not write a password to the disk, and no other process of the user needs to look at it.
void keep_out_of_core_dumps() {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__  // Whose leak checker attaches itself as a debugger does.
    prctl(PR_SET_DUMPABLE, 0);
#endif
}

[[noreturn]] void refuse(const std::string& message) {
    throw Error(ErrorCode::invalid_argument, message);
}

std::string_view without_line_end(std::string_view text) {
    if (!text.ends_with('\n')) return text;
    text.remove_suffix(1);
    if (text.ends_with('\r')) text.remove_suffix(1);
    return text;
}

Secret take(const Buffer& buffer, const std::string& what) {
    const auto text = without_line_end({buffer.bytes.data(), buffer.size});
    if (text.empty()) refuse(what + " is empty: give at least one character");
    if (text.size() > kMostBytes) refuse(what + " is longer than 1024 bytes: give a shorter one");
    return Secret(text);
}

enum class Until { end, line_end };

/// @param until  line_end: leaves what follows to the next who reads.
Secret read_fd(int fd, const std::string& what, Until until) {
    Buffer buffer;
    while (buffer.size < buffer.bytes.size()) {
        const std::size_t most = until == Until::line_end ? 1 : buffer.bytes.size() - buffer.size;
        const ssize_t got = read(fd, buffer.bytes.data() + buffer.size, most);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0)
            throw Error(ErrorCode::file_unreadable,
                        "cannot read " + what + ": " + std::generic_category().message(errno));
        if (got == 0) break;
        buffer.size += static_cast<std::size_t>(got);
        if (until == Until::line_end && buffer.bytes[buffer.size - 1] == '\n') break;
    }
    return take(buffer, what);
}

Secret read_file(const SecretSource& source) {
    const std::string& path = source.file;
    const std::string what = "the " + source.name + " file " + findme::quoted(path);
    const File file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    struct stat about {};
    if (file.fd() < 0 || fstat(file.fd(), &about) != 0)
        throw Error(ErrorCode::file_unreadable,
                    "cannot read " + what + ": " + std::generic_category().message(errno), path);
    constexpr mode_t kOthers = S_IRWXG | S_IRWXO;
    if (S_ISREG(about.st_mode) && (about.st_mode & kOthers) != 0)
        refuse(what + " can be read or written by others: chmod 600 it first");
    return read_fd(file.fd(), what, Until::end);
}

Secret ask(Context& context, const SecretSource& source, const std::string& prompt) {
    const std::string option = "--" + source.name;
    const std::string options = option + "-stdin, " + option + "-file FILE or " + option + "-fd N";
    if (isatty(STDIN_FILENO) == 0 || !context.terminal().err_is_terminal)
        refuse("nobody is at the terminal to ask for the " + source.name + ": use " + options);
    const Silence silence;
    if (!silence.is_silent()) refuse("the terminal would show the " + source.name + ": use " + options);
    context.err() << prompt << std::flush;
    return read_fd(STDIN_FILENO, "the " + source.name + " from the terminal", Until::line_end);
}

}  // namespace

bool is_given(const SecretSource& source) {
    return source.from_stdin || !source.file.empty() || source.fd >= 0;
}

void add_secret_options(CLI::App& command, SecretSource& source, const std::string& name,
                        const std::string& what) {
    source.name = name;
    const auto is_named = [](const std::string& path) { return !path.empty(); };
    auto* from_stdin =
        command.add_flag("--" + name + "-stdin", source.from_stdin, what + ": a line of the standard input");
    auto* file =
        command.add_option("--" + name + "-file", source.file, what + ": a file nobody else may read")
            ->check(text_that(is_named, "the name of a file"))
            ->type_name("FILE")
            ->excludes(from_stdin);
    command.add_option("--" + name + "-fd", source.fd, what + ": an open file descriptor")
        ->check(small_whole_number(0))
        ->type_name("N")
        ->excludes(from_stdin)
        ->excludes(file);
}

Secret read_secret(Context& context, const SecretSource& source, const std::string& prompt) {
    keep_out_of_core_dumps();
    const std::string what = "the " + source.name + " from ";
    if (!source.file.empty()) return read_file(source);
    if (source.fd >= 0)
        return read_fd(source.fd, what + "file descriptor " + std::to_string(source.fd), Until::end);
    if (source.from_stdin && isatty(STDIN_FILENO) == 0)
        return read_fd(STDIN_FILENO, what + "the standard input", Until::line_end);
    return ask(context, source, prompt);
}

}  // namespace findme::cli
